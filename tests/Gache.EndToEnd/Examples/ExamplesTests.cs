using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Examples;

/// <summary>The programs of <c>examples/</c> do what they say, in shell and in C#: people copy them.</summary>
public sealed class ExamplesTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(90);

    public static TheoryData<string> Languages => ["shell", "C#"];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Lock_lets_one_command_after_the_other_run_with_tokens_that_rise(string language)
    {
        await using Shard shard = await Shard.StartAsync();
        string journal = shard.Folder["journal"];
        ChildProcess[] all = [.. Enumerable.Range(0, 3).Select(n => Run(
            shard, language, "lock", "nightly", "sh", "-c", $"echo enter $GACHE_FENCING_TOKEN >> '{journal}'; sleep 0.3; echo leave $GACHE_FENCING_TOKEN >> '{journal}'; exit {n}"))];
        await Wait.UntilAsync("one holds it", () => Task.FromResult(File.Exists(journal)));
        await (await shard.LeaderAsync()).Process.KillAsync();
        for (int n = 0; n < all.Length; n++) Assert.Equal(n, await all[n].ExitAsync(Long));
        string[] lines = await File.ReadAllLinesAsync(journal, TestContext.Current.CancellationToken);
        Assert.Equal(2 * all.Length, lines.Length);
        ulong[] tokens = [.. lines.Where(line => line.StartsWith("enter", StringComparison.Ordinal)).Select(NumberAtTheEnd)];
        Assert.Equal(tokens.Order(), tokens);
        for (int n = 0; n < lines.Length; n += 2) Assert.Equal($"leave {tokens[n / 2]}", lines[n + 1]);
        foreach (ChildProcess one in all) await one.DisposeAsync();
        await using ChildProcess next = Run(shard, language, "lock", "nightly", "true");
        Assert.Equal(0, await next.ExitAsync(Long)); // it was given back
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Leader_election_has_one_leader_at_a_time_and_goes_on_when_it_dies_or_resigns(string language)
    {
        await using Shard shard = await Shard.StartAsync();
        await using ChildProcess first = Run(shard, language, "leader", "boss", "candidate-0");
        await using ChildProcess second = Run(shard, language, "leader", "boss", "candidate-1");
        await using ChildProcess third = Run(shard, language, "leader", "boss", "candidate-2");
        List<ChildProcess> candidates = [first, second, third];
        ulong term = 0;
        for (int round = 0; round < 3; round++)
        {
            ChildProcess leader = await Wait.ForAsync("one leads", () => Task.FromResult(candidates.Find(one => TermOf(one) > 0)), Long);
            Assert.True(TermOf(leader) > term, $"term {TermOf(leader)} after {term}");
            term = TermOf(leader);
            Assert.All(candidates.Where(one => one != leader), one => Assert.Equal(0ul, TermOf(one)));
            if (round == 0) await (await shard.LeaderAsync()).Process.KillAsync(); // gache's own
            if (round == 0) await Wait.UntilAsync("it renews at the next leader", async () => await shard.ReadAsync(shard.Running.First(), "boss") is not null);
            if (round == 1) leader.Send(Signal.Terminate);
            else await leader.KillAsync();
            if (round == 1) Assert.Equal(0, await leader.ExitAsync(Long));
            candidates.Remove(leader);
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Rate_limiter_lets_exactly_so_many_through_in_a_window(string language)
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        ChildProcess[] all = [.. Enumerable.Range(0, 8).Select(_ => Run(shard, language, "rate-limit", "mails", "3", "10m"))];
        int passed = 0;
        foreach (ChildProcess one in all)
        {
            int code = await one.ExitAsync(Long);
            Assert.True(code is 0 or 1, $"{one.Log}");
            if (code == 0) passed++;
            await one.DisposeAsync();
        }

        Assert.Equal(3, passed);
        Assert.Equal("3", await shard.ReadAsync(shard.First, "mails"));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Configuration_is_printed_as_it_changes(string language)
    {
        await using Shard shard = await Shard.StartAsync();
        Node writer = shard.Nodes[1];
        await shard.WriteAsync(writer, "config", "a=1");
        await using ChildProcess follower = Run(shard, language, "config", "config");
        await SeenAsync("a=1");
        await shard.WriteAsync(writer, "config", "a=2");
        await SeenAsync("a=2");
        await (await shard.LeaderAsync()).Process.KillAsync();
        Node left = await shard.LeaderAsync();
        await shard.WriteAsync(left, "config", "a=3");
        await SeenAsync("a=3");
        Assert.Equal(204, (await shard.Client.FollowAsync(HttpMethod.Delete, left.Key("config"))).Status);
        await SeenAsync("gone");
        await shard.WriteAsync(left, "config", "a=4");
        await SeenAsync("a=4");
        Assert.Equal(["a=1", "a=2", "a=3", "gone", "a=4"], follower.Output.Lines.Select(line => line.Split(' ')[^1]));

        Task SeenAsync(string value) => Wait.UntilAsync($"{value} is printed", () => Task.FromResult(follower.Output.Contains(value)), Long);
    }

    /// <summary>The id of the last event is refused there, and revisions begin anew.</summary>
    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Configuration_is_followed_into_a_cluster_that_was_founded_anew(string language)
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await shard.WriteAsync(shard.First, "config", "a=1");
        await using ChildProcess follower = Run(shard, language, "config", "config");
        await SeenAsync("a=1");
        await shard.First.Process.KillAsync();
        Directory.Delete(shard.First.Folder, recursive: true);
        await shard.First.StartReadyAsync();
        await shard.WriteAsync(shard.First, "config", "a=2");
        await SeenAsync("a=2");

        Task SeenAsync(string value) => Wait.UntilAsync($"{value} is printed", () => Task.FromResult(follower.Output.Contains(value)), Long);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Work_queue_loses_no_job_when_a_leader_and_a_worker_are_killed(string language)
    {
        await using Shard shard = await Shard.StartAsync();
        ChildProcess[] workers = [.. Enumerable.Range(0, 2).Select(_ => Work())];
        for (int job = 0; job < 6; job++)
        {
            await using ChildProcess add = Run(shard, language, "queue", "add", "mail", $"job-{job}");
            Assert.Equal(0, await add.ExitAsync(Long));
            if (job == 1) await (await shard.LeaderAsync()).Process.KillAsync();
            if (job == 3) await workers[0].KillAsync();
        }

        await Wait.UntilAsync("every job was done", () => Task.FromResult(
            Enumerable.Range(0, 6).All(job => workers.Any(worker => worker.Output.Contains($"job-{job}")))), Long);
        foreach (ChildProcess worker in workers) await worker.DisposeAsync();

        ChildProcess Work() => language == "shell" ? Run(shard, language, "queue", "work", "mail", "echo") : Run(shard, language, "queue", "work", "mail");
    }

    /// <summary>Whoever mistypes an address sees a program that waits, and must be told for what.</summary>
    [Theory]
    [InlineData("lock", "nightly", "true")]
    [InlineData("leader", "boss", "candidate")]
    [InlineData("config", "config")]
    [InlineData("queue", "work", "mail", "echo")]
    public async Task Shell_programs_say_when_nobody_answers_and_go_on_when_somebody_does(string example, params string[] arguments)
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await shard.First.Process.KillAsync();
        await using ChildProcess program = Run(shard, "shell", example, arguments);
        await Wait.UntilAsync("it says so", () => Task.FromResult(program.Errors.Contains($"nobody answers at {shard.First.Api}")), Long);
        Assert.False(program.HasExited);
        await shard.First.StartReadyAsync();
        switch (example)
        {
            case "lock": Assert.Equal(0, await program.ExitAsync(Long)); break;
            case "leader": await Wait.UntilAsync("it leads", () => Task.FromResult(TermOf(program) > 0), Long); break;
            case "config":
                await shard.WriteAsync(shard.First, "config", "a=1");
                await Wait.UntilAsync("it is printed", () => Task.FromResult(program.Output.Contains("a=1")), Long);
                break;
            default:
                await using (ChildProcess add = Run(shard, "shell", "queue", "add", "mail", "job-1")) Assert.Equal(0, await add.ExitAsync(Long));
                await Wait.UntilAsync("the job is done", () => Task.FromResult(program.Output.Contains("job-1")), Long);
                break;
        }

        Assert.Single(program.Errors.Lines, line => line.Contains("nobody answers", StringComparison.Ordinal));
    }

    private static ulong TermOf(ChildProcess candidate) =>
        candidate is { HasExited: false, Output.Lines: [.., var last] } && last.StartsWith("leads", StringComparison.Ordinal) ? NumberAtTheEnd(last) : 0;

    private static ulong NumberAtTheEnd(string line) => ulong.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);

    private static ChildProcess Run(Shard shard, string language, string example, params string[] arguments)
    {
        var environment = new Dictionary<string, string>
        {
            ["GACHE"] = string.Join(',', shard.Nodes.Select(node => node.Api)),
            ["TTL"] = "6",
            ["CLAIM"] = "6",
            ["IDLE"] = "60",
        };
        string folder = Path.Combine(ServerBinary.Root, "examples");
        if (language == "shell")
        {
            string script = example switch
            {
                "lock" => "lock.sh",
                "leader" => "leader-election.sh",
                "rate-limit" => "rate-limit.sh",
                "config" => "config-reload.sh",
                _ => "work-queue.sh",
            };
            return new ChildProcess(script, "bash", [Path.Combine(folder, "shell", script), .. arguments], shard.Folder.Path, environment);
        }

        string built = Path.Combine(folder, "Gache.Examples", "bin", new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name, "net10.0", "Gache.Examples");
        return new ChildProcess($"example {example}", built, [example, .. arguments], shard.Folder.Path, environment);
    }
}
