using System.Collections.Concurrent;
using Gache.Primitives;
using Gache.Raft;

namespace Gache.Replication;

public sealed partial class Replica
{
    private const long TransferTicks = 100;

    private readonly ConcurrentQueue<OperatorWish> wishes = new();
    private TransferWork? transfer;

    /// <summary>Removes a member for good, as an operator wants it: it does not come back by itself, whoever leads when it is next heard.</summary>
    /// <param name="node">The member; this node too, which then leads until the change is committed, and ends (thesis §4.2.2).</param>
    /// <returns>Completes when the change is committed, or is not known to be within five seconds.</returns>
    public Task<MemberAnswer> RemoveMemberAsync(NodeId node) => WishAsync(node, isRemoval: true);

    /// <summary>Hands leadership over while this node goes on: what was proposed commits first, and what comes meanwhile waits.</summary>
    /// <param name="to">The voter that is to lead; none for the one that is furthest.</param>
    /// <returns>Completes when another leader is known here, or leadership stays after all.</returns>
    public Task<MemberAnswer> TransferLeadershipAsync(NodeId to = default) => WishAsync(to, isRemoval: false);

    private Task<MemberAnswer> WishAsync(NodeId node, bool isRemoval)
    {
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        wishes.Enqueue(new OperatorWish(node, isRemoval, answer));
        guard.Signal();
        return answer.Task;
    }

    private void TakeWishes()
    {
        while (wishes.TryDequeue(out OperatorWish? wish))
        {
            if (isStopping) wish.Answer.SetResult(MemberAnswer.Not(ShuttingDown));
            else if (core.Role != Role.Leader) wish.Answer.SetResult(MemberAnswer.Not(NotLeading()));
            else if (wish.IsRemoval) members.Remove(wish.Node, wish.Answer, nowTick);
            else BeginTransfer(wish.Node, wish.Answer);
        }

        if (transfer is not null) GoOnWithTransfer();
    }

    private void BeginTransfer(NodeId to, TaskCompletionSource<MemberAnswer> answer)
    {
        bool isVoter = to.IsNone || core.Configuration.IsVoter(to);
        MemberAnswer? refused =
            to == identity.Node ? MemberAnswer.Done($"node {to} leads already")
            : transfer is not null || isHandingOver || core.IsTransferring ? MemberAnswer.ChangeUnderWay
            : !isVoter && core.Configuration.Find(to) is null ? MemberAnswer.No(MemberRefusal.UnknownNode, $"node {to} is no member of shard {identity.Shard}")
            : !isVoter ? MemberAnswer.No(MemberRefusal.NoVoter, $"node {to} does not vote yet; it does by itself when it has caught up")
            : core.Configuration.Voters.Length == 1 ? MemberAnswer.No(MemberRefusal.LastVoter, $"shard {identity.Shard} has no other voter that could lead")
            : !IsHeir(to) ? MemberAnswer.Not(NoHeir)
            : null;
        if (refused is null) transfer = new TransferWork(to, nowTick + TransferTicks, answer);
        else answer.SetResult(refused);
    }

    private bool IsHeir(NodeId to) => to.IsNone ? HasHeir : core.FindFollower(to) is { SilentTicks: < RecentTicks };

    private void GoOnWithTransfer()
    {
        TransferWork work = transfer!;
        if (core.Role != Role.Leader)
        {
            if ((core.IsLeaderHeard && LeaderApi is not null) || nowTick >= work.UntilTick) EndTransfer(MemberAnswer.Done("leadership was handed over"));
        }
        else if (nowTick >= work.UntilTick || (work.IsBegun && !core.IsTransferring))
        {
            EndTransfer(MemberAnswer.Not(NoHeir));
        }
        else if (!work.IsBegun && pending.Count == 0)
        {
            work.IsBegun = core.TransferLeadership(work.To);
        }
    }

    private void EndTransfer(MemberAnswer how)
    {
        transfer?.Answer.SetResult(how);
        transfer = null;
    }

    private void RefuseWishes()
    {
        EndTransfer(MemberAnswer.Not(ShuttingDown));
        while (wishes.TryDequeue(out OperatorWish? wish)) wish.Answer.SetResult(MemberAnswer.Not(ShuttingDown));
    }

    /// <summary>A committed configuration says that an operator removed this node: a leader that led itself out sees that in its own log.</summary>
    private void EndIfRemoved()
    {
        Configuration present = core.Configuration;
        if (present.Removed.IsEmpty || present.Find(identity.Node) is not null || core.ConfigurationIndex > core.CommitIndex) return;
        if (!present.IsJoint && present.Removed.Contains(identity.Node)) End(RemovedByOperator());
    }

    private NodeEnd RemovedByOperator() => new(NodeEndReason.Removed, RemovedMember.Words(identity.Node, identity.Shard));

    private sealed record OperatorWish(NodeId Node, bool IsRemoval, TaskCompletionSource<MemberAnswer> Answer);

    private sealed class TransferWork(NodeId to, long untilTick, TaskCompletionSource<MemberAnswer> answer)
    {
        public NodeId To { get; } = to;

        public long UntilTick { get; } = untilTick;

        public TaskCompletionSource<MemberAnswer> Answer { get; } = answer;

        public bool IsBegun { get; set; }
    }
}
