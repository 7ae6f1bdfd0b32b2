using Gache.Log;
using Gache.Raft;

namespace Gache.Replication;

public sealed partial class Replica
{
    /// <summary>Takes no new requests, lets those under way commit, and hands leadership over; then nothing more happens here.</summary>
    /// <param name="withinTicks">How many ticks that may take; after it the rest is answered "unknown" or "not applied" as is true.</param>
    public Task StopAsync(int withinTicks)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            isStopping = true;
            RefuseAllWaiting(ShuttingDown);
            while (waitingWrites.Count > 0 && core.Role != Role.Leader) Refuse(waitingWrites.Dequeue(), ShuttingDown);
            WatchStop(stopped, nowTick + withinTicks);
        });
        return stopped.Task;
    }

    /// <summary>Answers everything that is left; the last thing that happens to a replica.</summary>
    /// <returns>True when no step can touch the store any more; false if one still ran when the wait was over.</returns>
    public bool Close(TimeSpan wait)
    {
        hasEnded = true;
        guard.Signal();
        return closed.Task.Wait(wait);
    }

    /// <summary>Refuses all key requests from now on, with these words.</summary>
    public void StopServing(string why) => Post(() => members.StopServing(why));

    /// <summary>True while this replica is the only voter, as a shard is that was just founded.</summary>
    internal bool IsLoneVoter => core.Configuration is { Voters.Length: 1, IsJoint: false };

    private void WatchStop(TaskCompletionSource stopped, long untilTick)
    {
        bool isIdle = pending.Count == 0 && waitingWrites.Count == 0 && reads.Count == 0;
        if (isIdle && core.Role == Role.Leader && !core.IsTransferring) core.TransferLeadership();
        bool isDone = isIdle && (core.Role != Role.Leader || !core.IsTransferring);
        if (isDone || nowTick >= untilTick || hasEnded) stopped.TrySetResult();
        else atNextTick.Add(() => WatchStop(stopped, untilTick));
    }

    private void Fail(Exception failure)
    {
        if (hasEnded) return;
        logger.NodeFails(failure);
        End(failure switch
        {
            LogFailedException or FileFailedException => new NodeEnd(NodeEndReason.DiskFailed,
                $"{failure.Message} A failed write or sync is never retried: nothing is acknowledged any more. Check the disk, then start the node again."),
            LogDamagedException => new NodeEnd(NodeEndReason.Damaged, failure.Message),
            _ => new NodeEnd(NodeEndReason.Broken, $"{failure.GetType().Name}: {failure.Message}"),
        });
    }

    private void RejoinEmpty(string why, IReadOnlyList<string> apiAddresses) =>
        End(new NodeEnd(NodeEndReason.Rejoin, why) { ApiAddresses = apiAddresses });

    private void End(NodeEnd how)
    {
        if (hasEnded) return;
        hasEnded = true;
        RefuseEverything();
        Status = Describe() with { MayServe = false, Alarms = [how.Detail] };
        end(how);
    }

    /// <summary>After the end: what was proposed is unknown, all else was not carried out.</summary>
    private void RefuseEverything()
    {
        while (pending.TakeAny() is { } operation) Refuse(operation, LeadershipLost);
        while (waitingWrites.TryDequeue(out WriteOperation? write)) Refuse(write, ShuttingDown);
        while (reads.TakeServable(ulong.MaxValue) is { } read) Refuse(read, ShuttingDown);
        while (reads.TakeUnconfirmed() is { } read) Refuse(read, ShuttingDown);
        foreach ((Operation operation, _) in parked.TakeAll()) Refuse(operation, ShuttingDown);
        RefuseAllWaiting(ShuttingDown);
        for (Operation? next = incoming.TakeAll(); next is not null;)
        {
            Operation operation = next;
            next = operation.Next;
            Refuse(operation, ShuttingDown);
        }

        ForgetBatches();
        members.StopLeading(ShuttingDown);
        RefuseWishes();
        while (joins.TryDequeue(out (JoinRequest Request, TaskCompletionSource<JoinAnswer> Answer) join))
            join.Answer.SetResult(new JoinAnswer(ShuttingDown, JoinRefusal.None, ShuttingDown.Detail));
        while (events.TryDequeue(out _)) { }
        while (arrivals.TryDequeue(out _)) { }
        outgoing.Clear();
    }

    private void TakeNotice(LostDataNotice notice)
    {
        if (notice.To != identity.Node) return;
        if (notice.IsAboutSender)
        {
            if (core.Role == Role.Leader) members.HearMute(notice.From, nowTick);
            return;
        }

        // A leader is told by one of a later term alone: then a majority has gone on without it.
        if (notice.Term < core.Term || (core.Role == Role.Leader && (notice.Term == core.Term || !notice.IsRemoved))) return;
        if (notice is { IsRemoved: true, IsByOperator: true })
        {
            End(RemovedByOperator());
            return;
        }

        if (!members.IsMute) rememberMute(notice.Term); // first: after a restart it must be mute as well
        members.BecomeMute(notice.Term);
        outgoing.Clear(); // a vote that waits for the disk must not leave any more
        if (notice.IsRemoved) RejoinEmpty("this node lost data that it had acknowledged, and was replaced", notice.ApiAddresses);
    }
}
