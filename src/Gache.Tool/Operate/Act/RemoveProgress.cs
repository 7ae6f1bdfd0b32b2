using Gache.Tool.Operate.Api;
using Gache.Tool.Terminals;

namespace Gache.Tool.Operate.Act;

/// <summary>Has a member removed, and asks again while the shard says "not now": a leader that goes hands over first, and the next one begins with an election.</summary>
internal sealed class RemoveProgress(ClusterClient asked, Terminal terminal, TimeProvider clock, Removal goal)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long it may be refused, or nobody answer.</summary>
    private static readonly TimeSpan StandstillBound = TimeSpan.FromSeconds(30);

    /// <summary>Says that the shard does not know the member: what a removal asked for before has done, perhaps.</summary>
    private const string Unknown = "node-unknown";

    private readonly ShardSight sight = new(asked.At, goal.Shard, goal.Staying);

    /// <summary>Asks until it is done, refused for good, or refused for too long.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> FollowAsync(CancellationToken end)
    {
        try
        {
            Reply last = await LoopAsync(end).ConfigureAwait(false);
            if (!last.IsSuccess) return terminal.Refuse(last.ExitCode, last.IsForNow ? $"{goal.Name} is not known to be removed: {last.Words}; nothing is lost, and the same line typed again goes on" : last.Words);
            terminal.Output.WriteLine(Printable.Line($"done: {goal.Name} is no member any more"));
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return terminal.Refuse(ExitCode.Failed, "given up; what was sent may be carried out: ./gache cluster show tells");
        }
    }

    /// <returns>The answer that ended it; a success if the member is removed.</returns>
    private async Task<Reply> LoopAsync(CancellationToken end)
    {
        long begun = clock.GetTimestamp();
        Reply reply = await sight.SendAsync(goal.Request, end).ConfigureAwait(false);
        string? told = null;
        while (reply.IsForNow && clock.GetElapsedTime(begun) <= StandstillBound)
        {
            if (reply.Words != told) terminal.Output.WriteLine(Printable.Line($"asks again: {told = reply.Words}"));
            await Task.Delay(Interval, clock, end).ConfigureAwait(false);
            await sight.LookAsync(end).ConfigureAwait(false); // finds a node that answers, if the one asked before has ended
            reply = await sight.SendAsync(goal.Request, end).ConfigureAwait(false);
            if (reply.Code == Unknown) return reply with { Status = 200 };
        }

        return reply;
    }
}
