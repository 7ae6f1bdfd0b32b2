using System.Diagnostics;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

/// <summary>Calls that wait long for their answer are in nobody's way, and end at both ends when they are given up.</summary>
public sealed class WaitingCallTests
{
    [Fact]
    public async Task A_call_that_is_given_up_ends_at_once_and_the_receiver_is_told()
    {
        await using var port = Silent();
        await using CallClient client = Calling.Client();
        using var givenUp = new CancellationTokenSource();
        Task<CallResult> call = Wait(client, port, givenUp);
        Task<CallResult> other = Wait(client, port, new CancellationTokenSource());
        Calling.Until(() => port.Abandoned.Count == 2, "both arrive");
        await givenUp.CancelAsync();
        CallResult end = await call;
        Assert.Equal((CallOutcome.Unknown, "it was given up"), (end.Outcome, end.Detail));
        Calling.Until(() => port.Abandoned.First().IsCancellationRequested, "the receiver hears of it");
        Assert.False(port.Abandoned.Last().IsCancellationRequested);
        Assert.False(other.IsCompleted);
        Calling.Until(() => port.Server.HeldBytes == 3, "nothing is held for it");
    }

    [Fact]
    public async Task A_call_that_is_given_up_before_it_was_sent_was_not_sent()
    {
        await using var port = Silent();
        await using CallClient client = Calling.Client();
        using var givenUp = new CancellationTokenSource();
        await givenUp.CancelAsync();
        CallResult end = await Wait(client, port, givenUp);
        Assert.True(end.Outcome is CallOutcome.NotSent or CallOutcome.Unknown);
        Calling.Until(() => port.Abandoned.All(token => token.IsCancellationRequested), "whatever arrived is abandoned");
    }

    /// <summary>The receiver stops, or the caller belongs to a cluster now: no more calls go over that connection, and those under way wait for minutes.</summary>
    [Fact]
    public async Task A_receiver_is_told_of_a_call_that_is_given_up_on_a_connection_that_takes_no_more()
    {
        await using var port = Silent();
        await using CallClient client = Calling.Client();
        using var givenUp = new CancellationTokenSource();
        Task<CallResult> call = Wait(client, port, givenUp);
        Task<CallResult> other = Wait(client, port, new CancellationTokenSource());
        Calling.Until(() => port.Abandoned.Count == 2, "both arrive");
        port.Server.BeginStop();
        while (!(await Wait(client, port, new CancellationTokenSource())).Detail.StartsWith("it refused", StringComparison.Ordinal)) await Task.Yield(); // dialled anew
        await givenUp.CancelAsync();
        Assert.Equal(CallOutcome.Unknown, (await call).Outcome);
        Calling.Until(() => port.Abandoned.First().IsCancellationRequested, "the receiver hears of it");
        Assert.False(port.Abandoned.ElementAt(1).IsCancellationRequested);
        Assert.False(other.IsCompleted);
    }

    [Fact]
    public async Task A_receiver_is_told_when_its_caller_is_gone()
    {
        await using var port = Silent();
        CallClient client = Calling.Client();
        Task<CallResult> call = Wait(client, port, new CancellationTokenSource());
        Calling.Until(() => port.Abandoned.Count == 1, "it arrives");
        await client.DisposeAsync();
        Assert.Equal(CallOutcome.Unknown, (await call).Outcome);
        Calling.Until(() => port.Abandoned.Single().IsCancellationRequested, "the receiver hears of it");
    }

    [Fact]
    public async Task As_many_as_may_wait_keep_no_other_call_from_its_answer_and_the_next_is_refused_and_each_given_up_makes_room()
    {
        await using var port = Silent();
        await using CallClient client = Calling.Client();
        var all = new List<(Task<CallResult> Call, CancellationTokenSource GivenUp)>();
        for (int n = 0; n < CallLimits.MaxWaitingCalls; n++)
        {
            var givenUp = new CancellationTokenSource();
            all.Add((Wait(client, port, givenUp), givenUp));
        }

        Calling.Until(() => port.Abandoned.Count == all.Count, "all arrive");
        CallResult beyond = await Wait(client, port, new CancellationTokenSource());
        Assert.Equal((CallOutcome.NotSent, true), (beyond.Outcome, beyond.IsOverBound));
        long began = Stopwatch.GetTimestamp();
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Forward, new byte[3])).Outcome);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Admin, new byte[3])).Outcome);
        Assert.True(Stopwatch.GetElapsedTime(began) < Calling.Long);

        foreach ((_, CancellationTokenSource givenUp) in all) await givenUp.CancelAsync();
        await Task.WhenAll(all.Select(one => one.Call));
        Calling.Until(() => port.Abandoned.Take(all.Count).All(token => token.IsCancellationRequested), "the receiver hears of all");
        Task<CallResult> next = Wait(client, port, new CancellationTokenSource());
        Calling.Until(() => port.Abandoned.Count == all.Count + 1, "the next one arrives");
        Assert.False(next.IsCompleted);
    }

    /// <summary>A port that leaves what waits without an answer.</summary>
    private static Port Silent()
    {
        var port = new Port(1);
        Action<Caller, CallKind, ReadOnlyMemory<byte>, Action<ReadOnlyMemory<byte>>> echo = port.Behaviour;
        port.Behaviour = (from, kind, body, answer) =>
        {
            if (kind != CallKind.ForwardWait) echo(from, kind, body, answer);
        };
        return port;
    }

    private static Task<CallResult> Wait(CallClient client, Port port, CancellationTokenSource givenUp)
    {
        var end = new TaskCompletionSource<CallResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Call(port.Address, default, CallKind.ForwardWait, new byte[3], TimeSpan.FromMinutes(5), end.SetResult, givenUp.Token);
        return end.Task;
    }
}
