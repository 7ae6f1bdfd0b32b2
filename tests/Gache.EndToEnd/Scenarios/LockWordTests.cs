using System.Diagnostics;
using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary><c>./gache lock</c>: a command that runs while it holds a lock, and never beside another's in anything that looks at tokens.</summary>
public sealed class LockWordTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Commands_under_one_lock_run_one_after_the_other_with_tokens_that_rise()
    {
        await using Shard shard = await Shard.StartAsync();
        string journal = shard.Folder["journal"];
        ChildProcess[] all = [.. Enumerable.Range(0, 5).Select(n => Lock(
            shard, "job/nightly", ["--ttl", "5s"], "sh", "-c", $"echo enter $GACHE_FENCING_TOKEN >> '{journal}'; sleep 0.1; echo leave $GACHE_FENCING_TOKEN >> '{journal}'"))];
        foreach (ChildProcess one in all)
        {
            Assert.Equal(0, await one.ExitAsync(Long));
            await one.DisposeAsync();
        }

        string[] lines = await File.ReadAllLinesAsync(journal, TestContext.Current.CancellationToken);
        Assert.Equal(2 * all.Length, lines.Length);
        ulong last = 0;
        for (int i = 0; i < lines.Length; i += 2)
        {
            ulong token = ulong.Parse(lines[i].Split(' ')[1], CultureInfo.InvariantCulture);
            Assert.Equal(($"enter {token}", $"leave {token}"), (lines[i], lines[i + 1]));
            Assert.True(token > last);
            last = token;
        }

        Assert.Null(await shard.ReadAsync(shard.First, "job%2Fnightly"));
    }

    [Fact]
    public async Task A_holder_that_is_paused_is_fenced_off_by_a_store_that_compares_tokens_and_its_command_is_ended_when_it_wakes()
    {
        await using Shard shard = await Shard.StartAsync();
        string[] says = ["sh", "-c", "while :; do echo $GACHE_FENCING_TOKEN || exit 1; sleep 0.05; done"];
        await using ChildProcess first = Lock(shard, "disk", ["--ttl", "2s"], says);
        var store = new FencedStore();
        await Wait.UntilAsync("the first writes", () => Task.FromResult(store.Take(first) > 0));
        await using ChildProcess second = Lock(shard, "disk", ["--ttl", "2s"], says);
        first.Send(Signal.Stop); // its command goes on: nobody renews the lock, and nobody ends the command
        await Wait.UntilAsync("the second got the lock", () => Task.FromResult(store.Take(second) > 0));
        Assert.Equal(0, store.Refused);
        await Wait.UntilAsync("the store refuses what the first still writes", () => Task.FromResult(store.Take(first) == 0 && store.Refused > 3));
        Assert.False(first.HasExited);

        first.Send(Signal.Continue);
        Assert.Equal(79, await first.ExitAsync(Long));
        Assert.Contains("is lost", first.Errors.ToString(), StringComparison.Ordinal);
        Assert.True(store.Take(second) >= 0);
        second.Send(Signal.Terminate);
        Assert.Equal(128 + 15, await second.ExitAsync(Long));
        Assert.Null(await shard.ReadAsync(shard.First, "disk"));
    }

    [Fact]
    public async Task A_command_is_ended_before_its_lease_is_over_where_the_lock_cannot_be_renewed()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        string marks = shard.Folder["marks"];
        await using ChildProcess holder = Lock(
            shard, "a", ["--ttl", "3s"], "sh", "-c", $"trap 'echo ended >> \"{marks}\"; exit 3' TERM; echo began >> '{marks}'; while :; do sleep 0.05; done");
        await Wait.UntilAsync("it runs", () => Task.FromResult(File.Exists(marks)));
        var clock = Stopwatch.StartNew();
        shard.First.Process.Send(Signal.Stop); // neither answers nor refuses
        Assert.Equal(79, await holder.ExitAsync(Long));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(3) + TimeSpan.FromSeconds(6), $"{clock.Elapsed}"); // and what giving back takes
        Assert.Equal(["began", "ended"], await File.ReadAllLinesAsync(marks, TestContext.Current.CancellationToken));
        shard.First.Process.Send(Signal.Continue);
    }

    [Fact]
    public async Task A_lock_that_was_taken_away_ends_the_command_also_one_that_does_not_listen()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        string marks = shard.Folder["marks"];
        await using ChildProcess holder = Lock(shard, "a", ["--ttl", "3s"], "sh", "-c", $"trap '' TERM; echo began >> '{marks}'; while :; do sleep 0.05; done");
        await Wait.UntilAsync("it runs", () => Task.FromResult(File.Exists(marks)));
        await shard.WriteAsync(shard.First, "a", "an operator's");
        Assert.Equal(79, await holder.ExitAsync(Long));
        Assert.Equal("an operator's", await shard.ReadAsync(shard.First, "a")); // given back is only what is one's own
    }

    [Fact]
    public async Task A_kill_of_the_leader_loses_no_lock()
    {
        await using Shard shard = await Shard.StartAsync();
        string go = shard.Folder["go"];
        await using ChildProcess holder = Lock(shard, "a", ["--ttl", "6s"], "sh", "-c", $"until [ -e '{go}' ]; do sleep 0.05; done; exit 7");
        Node leader = await shard.LeaderAsync();
        await Wait.UntilAsync("it is held", async () => await shard.ReadAsync(leader, "a") is not null);
        string? revision = (await shard.Client.FollowAsync(HttpMethod.Get, leader.Key("a"))).ETag;
        Assert.NotNull(revision);
        await leader.Process.KillAsync();
        Node next = await shard.LeaderAsync();
        await Wait.UntilAsync("it was renewed after that", async () =>
        {
            Answer seen = await shard.Client.FollowAsync(HttpMethod.Get, next.Key("a"));
            if (seen.Status != 200) return false; // who leads may change once more
            Assert.Equal(revision, seen.ETag);
            return int.Parse(seen.Headers["Gache-Expires-In"], CultureInfo.InvariantCulture) > 5_500;
        });
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        Assert.Equal(7, await holder.ExitAsync(Long));
    }

    [Fact]
    public async Task It_ends_with_codes_of_its_own_where_no_command_ran()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await shard.WriteAsync(shard.First, "held", "x");
        Assert.Equal(75, await EndAsync(Lock(shard, "held", ["--wait", "300ms"], "true")));
        Assert.Equal(75, await EndAsync(Lock(shard, "held", ["--wait", "0"], "true")));
        Assert.Equal(127, await EndAsync(Lock(shard, "free", [], "no-such-command-at-all")));
        Assert.Equal(126, await EndAsync(Lock(shard, "free", [], "/etc/passwd")));
        Assert.Equal(64, await EndAsync(Lock(shard, "free", ["--ttl", "1ms"], "true")));
        Assert.Equal(1, await EndAsync(Lock(shard, new string('k', 3_000), [], "true")));
        Assert.Equal(5, await EndAsync(Lock(shard, "free", [], "sh", "-c", "exit 5")));
        Assert.Null(await shard.ReadAsync(shard.First, "free"));
        await using ChildProcess waiting = Lock(shard, "held", [], "true");
        waiting.Send(Signal.Interrupt);
        int code = await waiting.ExitAsync(Long);
        Assert.True(code == 128 + 2, $"{code}");
        await shard.First.Process.KillAsync();
        Assert.Equal(69, await EndAsync(Lock(shard, "free", ["--wait", "300ms"], "true")));
    }

    private static async Task<int> EndAsync(ChildProcess one)
    {
        int code = await one.ExitAsync(Long);
        await one.DisposeAsync();
        return code;
    }

    private static ChildProcess Lock(Shard shard, string name, string[] options, params string[] command) => new(
        $"lock-{name}", ServerBinary.Tool,
        ["lock", name[..Math.Min(name.Length, 4_000)], "--server", string.Join(',', shard.Nodes.Select(node => node.Api)), .. options, "--", .. command], shard.Folder.Path);

    /// <summary>What the tokens are for: it takes no write with a token below the highest that it has seen.</summary>
    private sealed class FencedStore
    {
        private readonly Dictionary<ChildProcess, int> read = [];
        private ulong highest;

        public int Refused { get; private set; }

        /// <summary>Takes what a process has written since the last time; how much of it was taken.</summary>
        public int Take(ChildProcess from)
        {
            string[] lines = [.. from.Output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
            int taken = 0;
            foreach (string line in lines.Skip(read.GetValueOrDefault(from)))
            {
                if (!ulong.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out ulong token)) continue;
                if (token < highest)
                {
                    Refused++;
                    continue;
                }

                highest = token;
                taken++;
            }

            read[from] = lines.Length;
            return taken;
        }
    }
}
