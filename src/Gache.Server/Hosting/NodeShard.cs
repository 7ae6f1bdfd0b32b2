using Gache.Log;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http;
using Gache.Store;

namespace Gache.Server.Hosting;

/// <summary>The node of this process, as the HTTP layer sees it.</summary>
internal sealed class NodeShard(ShardNode node) : IShard
{
    private static readonly ReplicaCounters NothingCounted = new();

    /// <inheritdoc/>
    public ReplicaStatus Status => node.Status;

    /// <inheritdoc/>
    public ReplicaCounters Counters => node.Replica?.Counters ?? NothingCounted;

    /// <inheritdoc/>
    public LogWriterCounters? LogCounters => node.LogCounters;

    /// <inheritdoc/>
    public StageTimes? Stages => node.Replica?.Stages;

    /// <inheritdoc/>
    public TransportCounters? Peers => node.TransportCounters;

    /// <inheritdoc/>
    public bool IsFull => node.IsFull;

    /// <inheritdoc/>
    public ValueTask<WriteAnswer> WriteAsync(byte[] command) => node.WriteAsync(command);

    /// <inheritdoc/>
    public ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadLevel level) => node.ReadAsync(key, level);

    /// <inheritdoc/>
    public ValueTask<WriteAnswer> WriteAsync(byte[] command, TimeSpan wait, CancellationToken gone) => node.WriteAsync(command, wait, gone);

    /// <inheritdoc/>
    public ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadTerms terms, CancellationToken gone) => node.ReadAsync(key, terms, gone);

    /// <inheritdoc/>
    public Task<Inspected<T>> InspectLatestAsync<T>(Func<KeyValueStore, T> look) => node.InspectLatestAsync(look);

    /// <inheritdoc/>
    public FolderReport Report() => node.Report();

    /// <inheritdoc/>
    public Task<FolderReport> AgreeAsync(FoundingConsent wanted) => Task.Run(() => node.Agree(wanted)); // it waits for the disk

    /// <inheritdoc/>
    public Task<JoinAnswer> JoinAsync(JoinRequest request) => node.JoinAsync(request);

    /// <inheritdoc/>
    public Task<MemberAnswer> RemoveMemberAsync(NodeId member) => node.RemoveMemberAsync(member);

    /// <inheritdoc/>
    public Task<MemberAnswer> TransferLeadershipAsync(NodeId to) => node.TransferLeadershipAsync(to);
}
