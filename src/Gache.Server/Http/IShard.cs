using Gache.Log;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http;

/// <summary>The shard as the HTTP layer sees it: the replica of this node, or one in memory under test.</summary>
internal interface IShard
{
    /// <summary>What the replica is and knows at the moment; cheap.</summary>
    ReplicaStatus Status { get; }

    /// <summary>What the replica has counted since the process began.</summary>
    ReplicaCounters Counters { get; }

    /// <summary>What the log's writer has counted; null while the node belongs to no shard.</summary>
    LogWriterCounters? LogCounters { get; }

    /// <summary>How long the stages of writes take; null while the node belongs to no shard.</summary>
    StageTimes? Stages { get; }

    /// <summary>What the raft port has counted; null for a shard that nobody can join.</summary>
    TransportCounters? Peers { get; }

    /// <summary>Whether a write would be refused now because too much waits: asked before a body is taken in; cheap.</summary>
    bool IsFull { get; }

    /// <summary>Proposes a command; completes when it is applied, or with a refusal. Ownership of the array passes.</summary>
    /// <remarks>May complete inline on the thread that steps the replica: nothing after the await may block.</remarks>
    ValueTask<WriteAnswer> WriteAsync(byte[] command);

    /// <summary>Reads a key at a level; dispose the answer when its value has been sent.</summary>
    ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadLevel level);

    /// <summary>Writes as the other, once the command's condition holds; see <see cref="Replica.WriteAsync(byte[], TimeSpan, CancellationToken)"/>.</summary>
    ValueTask<WriteAnswer> WriteAsync(byte[] command, TimeSpan wait, CancellationToken gone);

    /// <summary>Reads as the other, once there is what it waits for.</summary>
    ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadTerms terms, CancellationToken gone);

    /// <summary>Looks at the latest state, as its owner (see <see cref="Replica.InspectLatestAsync"/>).</summary>
    Task<Inspected<T>> InspectLatestAsync<T>(Func<KeyValueStore, T> look);

    /// <summary>What this node says of its folder to one that may found a shard; cheap.</summary>
    FolderReport Report();

    /// <summary>Agrees to a founding, durably, if this node may; see <see cref="ShardNode.Agree"/>.</summary>
    Task<FolderReport> AgreeAsync(FoundingConsent wanted);

    /// <summary>Takes up a member, or a member's changed address.</summary>
    Task<JoinAnswer> JoinAsync(JoinRequest request);

    /// <summary>Removes a member for good; see <see cref="Replica.RemoveMemberAsync"/>.</summary>
    Task<MemberAnswer> RemoveMemberAsync(NodeId member);

    /// <summary>Hands leadership over; see <see cref="Replica.TransferLeadershipAsync"/>.</summary>
    Task<MemberAnswer> TransferLeadershipAsync(NodeId to);
}
