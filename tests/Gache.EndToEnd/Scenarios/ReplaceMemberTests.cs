using System.Globalization;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary><c>./gache cluster replace</c>, typed by an operator while clients write.</summary>
public sealed class ReplaceMemberTests
{
    private const int Removed = 77;

    /// <summary>The leader's machine is lost with its disk. The same line is typed too early, then when the new node runs, then once more.</summary>
    [Fact]
    public async Task A_leader_that_is_gone_for_good_is_replaced_under_writes_and_nothing_is_lost()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        Node dead = await shard.LeaderAsync();
        string deadId = await IdOfAsync(dead);
        await dead.Process.KillAsync();
        Directory.Delete(dead.Folder, recursive: true);
        Node[] alive = [.. shard.Running];
        await shard.LeaderAsync();
        await using var fresh = new Node("node4", shard.Folder["node4"], alive[1].Api) { From = shard.Folder.Path };
        string[] line = ["cluster", "replace", deadId, "--with", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{fresh.RaftPort}"), "--at", alive[0].Api, "--yes"];

        (int early, string _, string why) = await TypeAsync(shard.Folder.Path, line);
        Assert.Equal(1, early);
        Assert.Contains("not-reachable", why, StringComparison.Ordinal);
        await writers.GoOnAsync();

        fresh.Start();
        (int code, string output, string errors) = await TypeUntilTakenAsync(shard.Folder.Path, line);
        Assert.True(code == 0, output + errors);
        Assert.Equal("replaced", States(output)[^1]);
        await writers.GoOnAsync();

        (int again, string nothing, _) = await TypeAsync(shard.Folder.Path, line);
        Assert.Equal(0, again);
        Assert.Contains("there is nothing to do", nothing, StringComparison.Ordinal);

        await fresh.ReadyAsync();
        Node[] members = [.. alive, fresh];
        await VotersAsync(alive[0], members);
        await writers.VerifyAsync(shard, alive[0], members);
    }

    /// <summary>The command ends after the new member was added, as by Ctrl-C; the old one, which is alive, stays until the line is typed again at it.</summary>
    [Fact]
    public async Task What_an_interrupted_command_left_is_finished_when_it_is_typed_again_at_the_very_node_that_goes()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        Node old = shard.Nodes[2];
        string oldId = await IdOfAsync(old);
        await using Node fresh = shard.Another("node4");
        string[] line = ["cluster", "replace", old.Api, "--with", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{fresh.RaftPort}"), "--at", old.Api, "--yes"];

        // A joiner that stands still catches up no further: so the command waits.
        fresh.Start();
        await Wait.UntilAsync("it is a member", async () => (await MembersAsync(shard.First)).Any(member => member.GetProperty("apiAddr").GetString() == fresh.Api));
        fresh.Process.Send(Signal.Stop);
        await using (var typed = new ChildProcess("operator", ServerBinary.Tool, line, shard.Folder.Path))
        {
            await Wait.UntilAsync("it tells how it goes", () => Task.FromResult(typed.Output.Contains("\"state\":")));
            typed.Send(Signal.Interrupt);
            Assert.Equal(1, await typed.ExitAsync());
            Assert.Contains("the same line typed again goes on", typed.Errors.ToString(), StringComparison.Ordinal);
        }

        fresh.Process.Send(Signal.Continue);
        Assert.Contains(await MembersAsync(shard.First), member => member.GetProperty("id").GetString() == oldId);
        await writers.GoOnAsync();

        (int code, string output, string errors) = await TypeUntilTakenAsync(shard.Folder.Path, line);
        Assert.True(code == 0, output + errors);
        Assert.Equal(Removed, await old.Process.ExitAsync());
        Node[] members = [shard.Nodes[0], shard.Nodes[1], fresh];
        await VotersAsync(shard.First, members);
        await writers.GoOnAsync();
        await writers.VerifyAsync(shard, shard.First, members);
    }

    /// <summary>The operator asks a node of another shard, which knows members by what gossip tells.</summary>
    [Fact]
    public async Task A_node_of_another_shard_can_be_asked()
    {
        using var folder = new TestFolder();
        string[] ports = [.. Enumerable.Range(0, 3).Select(_ => Ports.Free().ToString(CultureInfo.InvariantCulture))];
        string[] Cluster(int n, string slots) => ["--cluster-port", ports[n], "--cluster-slot", slots, .. n == 0 ? [] : new[] { "--cluster-members", $"127.0.0.1:{ports[0]}" }];
        await using var asked = new Node("asked", folder["asked"], null, Cluster(0, "0-8000")) { From = folder.Path, HasRaft = false };
        await using var old = new Node("old", folder["old"], null, Cluster(1, "8001-16383")) { From = folder.Path };
        await using var fresh = new Node("fresh", folder["fresh"], old.Api, Cluster(2, "8001-16383")) { From = folder.Path };
        await asked.StartReadyAsync();
        await old.StartReadyAsync();
        await Wait.UntilAsync("a key is written", async () => (await asked.Client.FollowAsync(HttpMethod.Post, asked.Key("{b}"), "v"u8.ToArray())).Status == 200);
        string[] line = ["cluster", "replace", old.Api, "--with", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{fresh.RaftPort}"), "--at", asked.Api, "--yes"];
        await Wait.UntilAsync("the one asked knows it", async () => (await asked.Client.SendAsync(HttpMethod.Get, $"{asked.Url}/cluster")).Text.Contains(old.Api, StringComparison.Ordinal));

        fresh.Start();
        (int code, string output, string errors) = await TypeUntilTakenAsync(folder.Path, line);

        Assert.True(code == 0, output + errors);
        Assert.Equal(Removed, await old.Process.ExitAsync());
        await VotersAsync(fresh, [fresh]);
        await Wait.UntilAsync("the key is there", async () => (await asked.Client.FollowAsync(HttpMethod.Get, asked.Key("{b}"))).Text == "v");
    }

    private static async Task<(int Code, string Output, string Errors)> TypeAsync(string folder, string[] line)
    {
        await using var typed = new ChildProcess("operator", ServerBinary.Tool, line, folder);
        int code = await typed.ExitAsync(TimeSpan.FromSeconds(60));
        return (code, typed.Output.ToString(), typed.Errors.ToString());
    }

    /// <summary>As a person does: the new node may not listen yet, or an election just be over.</summary>
    private static async Task<(int Code, string Output, string Errors)> TypeUntilTakenAsync(string folder, string[] line)
    {
        (int Code, string Output, string Errors) last = default;
        await Wait.UntilAsync("the cluster takes it", async () =>
        {
            last = await TypeAsync(folder, line);
            return !last.Errors.Contains("not-reachable", StringComparison.Ordinal) && !last.Errors.Contains("no-leader", StringComparison.Ordinal);
        });
        return last;
    }

    private static string[] States(string output) =>
        [.. output.Split('\n').Where(one => one.StartsWith('{')).Select(one => JsonDocument.Parse(one).RootElement.GetProperty("state").GetString()!)];

    /// <summary>The members of a node's own shard, as it tells.</summary>
    private static async Task<JsonElement[]> MembersAsync(Node node)
    {
        Answer answer = await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster");
        IEnumerable<JsonElement[]> shards = answer.Status == 200 ? answer.Json.EnumerateArray().Select(shard => shard.GetProperty("members").EnumerateArray().ToArray()) : [];
        return shards.FirstOrDefault(members => members.Any(member => member.GetProperty("apiAddr").GetString() == node.Api)) ?? [];
    }

    private static async Task<string> IdOfAsync(Node node) =>
        (await MembersAsync(node)).Single(member => member.GetProperty("apiAddr").GetString() == node.Api).GetProperty("id").GetString()!;

    /// <summary>Waits until exactly these are the members, and all vote, as one of them tells.</summary>
    private static Task VotersAsync(Node asked, Node[] nodes) => Wait.UntilAsync($"{string.Join(", ", nodes.Select(node => node.Name))} are the voters", async () =>
    {
        JsonElement[] members = await MembersAsync(asked);
        return members.Select(member => member.GetProperty("apiAddr").GetString()!).Order().SequenceEqual(nodes.Select(node => node.Api).Order())
            && members.All(member => member.GetProperty("role").GetString() is "leader" or "voter");
    });
}
