using Gache.Primitives;
using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

public sealed partial class Replica
{
    private readonly HashSet<NodeId> connectedPeers = [];
    private (ulong Revision, long Keys, long Bytes) storeFigures;
    private (long Version, ulong Highest) slotEpochs = (-1, 1);

    private ReplicaStatus Describe()
    {
        Configuration configuration = core.Configuration;
        if (!isLoading) // else the background owns the store
        {
            storeFigures = (store.Revision, store.KeyCount, store.Bytes);
            if (slotEpochs.Version != store.SlotsVersion) slotEpochs = (store.SlotsVersion, HighestEpoch(store));
        }
        else
        {
            slotEpochs.Version = -1; // of another store, perhaps
        }

        return new ReplicaStatus
        {
            Node = identity.Node,
            Shard = identity.Shard,
            Cluster = identity.Cluster,
            Role = DescribeRole(configuration),
            Term = core.Term,
            Leader = core.Leader,
            LeaderApi = LeaderApi,
            IsLeaderHeard = core.IsLeaderHeard,
            Members = [.. configuration.Members.Select(Describe)],
            FirstIndex = core.FirstIndex,
            LastIndex = core.LastIndex,
            DurableIndex = core.DurableIndex,
            CommitIndex = core.CommitIndex,
            AppliedIndex = appliedIndex,
            ShardCommitIndex = Math.Max(core.CommitIndex, freshness.ShardCommit),
            ShardCommitIndexSecondAgo = freshness.ShardCommitSecondAgo,
            HasCaughtUp = HasCaughtUp(),
            IsLoading = isLoading,
            SnapshotIndex = core.SnapshotIndex,
            Revision = storeFigures.Revision,
            KeyCount = storeFigures.Keys,
            SlotEpoch = slotEpochs.Highest,
            StoreBytes = storeFigures.Bytes,
            MaxStoreBytes = memoryBoundBytes,
            Checksum = checksums.Latest,
            ChecksumIndex = checksums.LatestIndex,
            QueuedRequests = Volatile.Read(ref queuedRequests),
            WaitingRequests = waiting.Count,
            Alarms = [.. DescribeAlarms()],
            HasRoomForSlots = !isSpaceLow && store.Bytes * 10 < memoryBoundBytes * 9 && store.IdempotencyCount * 10 < options.MaxIdempotencyRecords * 9,
            MayServe = members.NotServing is null && !isStopping && !hasEnded,
        };
    }

    private static ulong HighestEpoch(KeyValueStore store)
    {
        ulong highest = 0;
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            SlotState state = store.SlotAt(slot);
            if (state.IsServed) highest = Math.Max(highest, state.Epoch);
        }

        return highest;
    }

    private ReplicaRole DescribeRole(Configuration configuration) => core.Role switch
    {
        Role.Leader => ReplicaRole.Leader,
        Role.Candidate or Role.PreCandidate => ReplicaRole.Candidate,
        _ when configuration.IsLearner(identity.Node) => ReplicaRole.Learner,
        _ when configuration.Find(identity.Node) is null => ReplicaRole.Outside,
        _ => ReplicaRole.Follower,
    };

    private MemberStatus Describe(Member member)
    {
        string role = member.Id == core.Leader ? "leader" : core.Configuration.IsLearner(member.Id) ? "learner" : "voter";
        ulong? lag = null;
        bool? isReachable = member.Id == core.Leader ? core.IsLeaderHeard : null;
        if (core.FindFollower(member.Id) is { } follower)
        {
            lag = core.LastIndex - Math.Min(core.LastIndex, follower.Match);
            isReachable = follower.SilentTicks < RecentTicks;
        }
        else if (!core.IsLeaderHeard && !connectedPeers.Contains(member.Id))
        {
            isReachable = false; // where nobody leads, who has no connection is missing; that one stands proves nothing: the process may be paused
        }

        if (member.Id == identity.Node) (lag, isReachable) = (core.LastIndex - core.DurableIndex, true);
        return new MemberStatus(member.Id, member.RaftAddress, member.ApiAddress, role, lag, isReachable);
    }

    private IEnumerable<string> DescribeAlarms()
    {
        foreach (string alarm in members.Alarms) yield return alarm;
        if (isStopping) yield return "the node is stopping";
        if (isSpaceLow) yield return DiskFull.Detail;
        if (isDivergenceOpen) yield return "replicas hold different states and no majority agrees on one; compare /metrics of all nodes and restore from the right one";
        if (storeFigures.Bytes >= memoryBoundBytes) yield return $"the store's memory bound of {memoryBoundBytes} bytes is reached: puts are refused";
        else if (storeFigures.Bytes >= memoryBoundBytes / 100 * 85) yield return $"the store holds {storeFigures.Bytes} bytes, over 85 % of its bound of {memoryBoundBytes}";
    }
}
