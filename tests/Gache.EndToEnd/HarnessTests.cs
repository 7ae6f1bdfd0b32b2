using System.Diagnostics;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd;

/// <summary>The harness itself, with small processes in place of nodes.</summary>
public sealed class HarnessTests
{
    [Fact]
    public async Task A_process_is_stopped_continued_and_ended_by_signals()
    {
        await using var child = new ChildProcess("sleeper", "/bin/sleep", ["1000"], "/");

        child.Send(Signal.Stop);
        await Wait.UntilAsync("it is stopped", () => Task.FromResult(StateOf(child.Id) == 'T'));
        child.Send(Signal.Continue);
        await Wait.UntilAsync("it goes on", () => Task.FromResult(StateOf(child.Id) == 'S'));
        child.Send(Signal.Terminate);

        Assert.Equal(128 + (int)Signal.Terminate, await child.ExitAsync());
        Assert.Throws<InvalidOperationException>(() => child.Send(Signal.Kill));
    }

    [Fact]
    public async Task What_a_process_printed_is_known_when_it_has_ended()
    {
        await using var child = new ChildProcess("talker", "/bin/sh", ["-c", "echo out; echo err >&2; exit 7"], "/");

        Assert.Equal(7, await child.ExitAsync());
        Assert.Equal(["out"], child.Output.Lines);
        Assert.Equal(["err"], child.Errors.Lines);
    }

    [Fact]
    public async Task A_process_does_not_outlive_its_owner()
    {
        int id;
        await using (var child = new ChildProcess("sleeper", "/bin/sh", ["-c", "sleep 1000; true"], "/")) id = child.Id;

        Assert.False(Directory.Exists($"/proc/{id}"));
    }

    [Fact]
    public async Task A_wait_ends_at_its_deadline_and_says_what_it_waited_for()
    {
        var clock = Stopwatch.StartNew();
        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(() =>
            Wait.UntilAsync("pigs fly", () => Task.FromResult(false), TimeSpan.FromMilliseconds(200)));

        Assert.Contains("pigs fly", e.Message, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task No_answer_is_an_unknown_outcome()
    {
        using var client = new Client();
        Answer answer = await client.SendAsync(HttpMethod.Post, $"http://127.0.0.1:{Ports.Free()}/key/a", [1]);

        Assert.Equal((0, Outcome.Unknown), (answer.Status, answer.Outcome));
    }

    [Fact]
    public void The_programs_are_those_that_a_user_gets() =>
        Assert.All([ServerBinary.Path, ServerBinary.Tool, ServerBinary.Bench], program => Assert.True(File.Exists(program), program));

    private static char StateOf(int process)
    {
        string stat = File.ReadAllText($"/proc/{process}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }
}
