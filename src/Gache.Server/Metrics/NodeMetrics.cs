using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Gache.Cluster;
using Gache.Log;
using Gache.Replication;
using Gache.Server.Http;

namespace Gache.Server.Metrics;

/// <summary>The figures of this node. Every one is read from what is there anyway, when somebody asks (docs/metrics.md lists them).</summary>
/// <remarks>Names are etcd's, with our prefix, where the thing is the same, so that its users' habits and alerts carry over.</remarks>
internal sealed class NodeMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "gache";

    private readonly Meter meter = new(MeterName);
    private readonly Func<IShard?> shard;
    private readonly Func<ClusterFigures?> cluster;

    /// <summary>Registers the figures; those of the replica and of the cluster show once there is one.</summary>
    public NodeMetrics(string version, Func<IShard?> shard, Func<ClusterFigures?> cluster, HttpCounters http)
    {
        (this.shard, this.cluster) = (shard, cluster);
        KeyValuePair<string, object?>[] build = [new("version", version), new("runtime", RuntimeInformation.FrameworkDescription), new("architecture", RuntimeInformation.ProcessArchitecture.ToString())];
        meter.CreateObservableGauge("gache.build_info", () => new Measurement<long>(1, build), null, "1, with what is running as labels");
        AddServer();
        AddRaft();
        AddDisk();
        AddNetwork();
        AddStore();
        AddCluster();
        AddHttp(http);
        AddWatches(http.Watches);
        ProcessMetrics.AddTo(meter);
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    /// <summary>The histograms, which are no instruments of the meter (see <see cref="HistogramText"/>).</summary>
    public IEnumerable<NamedHistogram> Histograms()
    {
        if (shard() is not { } ready) yield break;
        if (ready.LogCounters is { } log) yield return new("gache_disk_wal_fsync_duration_seconds", "time that a sync of the log took", log.Syncs);
        if (ready.Stages is not { } stages) yield break;
        yield return new("gache_server_queue_duration_seconds", "time from the arrival of a batch's oldest write until it was proposed", stages.Queue);
        yield return new("gache_server_replicate_duration_seconds", "time from there until the batch was known to be on the disks of a majority", stages.Replicate);
        yield return new("gache_server_apply_duration_seconds", "time that applying what was committed took, up to 4096 entries at once", stages.Apply);
        yield return new("gache_server_answer_duration_seconds", "time from there until the clients of a batch were answered", stages.Answer);
        yield return new("gache_server_write_duration_seconds", "time from the arrival of a batch's oldest write until its clients were answered", stages.Write);
    }

    private void AddServer()
    {
        Gauge("gache.server.has_leader", "1 if a leader was heard within one election timeout", status => status.IsLeaderHeard ? 1 : 0);
        Gauge("gache.server.is_leader", "1 if this node leads its shard", status => status.Role == ReplicaRole.Leader ? 1 : 0);
        Gauge("gache.server.is_learner", "1 if this node follows its shard without a vote", status => status.Role == ReplicaRole.Learner ? 1 : 0);
        Gauge("gache.server.may_serve", "0 while this node may not answer key requests", status => status.MayServe ? 1 : 0);
        Gauge("gache.server.alarms", "sentences that an operator should look at, as in /readyz", status => status.Alarms.Count);
        Counter("gache.server.leader_changes_seen", "changes of the leader seen here", counters => counters.LeaderChanges);
        Counter("gache.server.elections_won", "times this node was elected", counters => counters.ElectionsWon);
        Counter("gache.server.proposals", "commands proposed here as leader", counters => counters.Proposals);
        Counter("gache.server.entries_applied", "entries applied", counters => counters.Applied);
        Counter("gache.server.reads", "reads served, of both levels", counters => counters.Reads);
        Counter("gache.server.read_rounds", "rounds to the other members that confirmed reads", counters => counters.ReadRounds);
        Gauge("gache.server.requests_pending", "requests that wait in the replica", status => status.QueuedRequests);
        Gauge("gache.server.requests_waiting", "requests that wait for a key to become what they ask for, or for a revision; at most 4,096", status => status.WaitingRequests);
        Counter("gache.server.requests_refused", "requests that the replica refused, of all kinds", counters => counters.Refusals);
    }

    private void AddRaft()
    {
        Gauge("gache.raft.term", "term of this replica", status => (long)status.Term);
        Gauge("gache.raft.members", "members in the configuration in force", status => status.Members.Count);
        Gauge("gache.raft.commit_index", "last index known to be committed", status => (long)status.CommitIndex);
        Gauge("gache.raft.applied_index", "last index applied", status => (long)status.AppliedIndex);
        Gauge("gache.raft.first_index", "first index in the log", status => (long)status.FirstIndex);
        Gauge("gache.raft.last_index", "last index in the log", status => (long)status.LastIndex);
        Gauge("gache.raft.durable_index", "last index in stable storage here", status => (long)status.DurableIndex);
        Gauge("gache.raft.snapshot_index", "index of the last snapshot", status => (long)status.SnapshotIndex);
        meter.CreateObservableGauge("gache.raft.member_lag", Lags, null, "entries a member is behind; only the leader knows");
        Counter("gache.raft.messages_received", "messages from other members", counters => counters.MessagesReceived);
        Counter("gache.raft.messages_sent", "messages to other members", counters => counters.MessagesSent);
    }

    private void AddDisk()
    {
        Counter("gache.disk.wal_batches", "batches handed to the log", counters => counters.LogWrites);
        meter.CreateObservableCounter("gache.disk.wal_entries", () => MeasureLog(log => log.Entries), null, "entries written to the log");
        meter.CreateObservableCounter("gache.disk.wal_write", () => MeasureLog(log => log.Bytes), "By", "bytes of records written to the log");
        meter.CreateObservableGauge("gache.disk.wal_unsynced_age", () => MeasureLog(log => log.OldestUnsyncedAge.TotalSeconds), "s", "how long the oldest write that is not synced has waited");
        Counter("gache.snapshot.taken", "snapshots taken", counters => counters.SnapshotsTaken);
        Counter("gache.snapshot.sent", "snapshots sent to followers", counters => counters.SnapshotsSent);
        Counter("gache.snapshot.installed", "snapshots installed from a leader", counters => counters.SnapshotsInstalled);
    }

    private void AddNetwork()
    {
        meter.CreateObservableGauge("gache.network.active_peers", () => MeasurePeers(peers => peers.ConnectedPeers), null, "members whose raft connection stands");
        Peers("gache.network.peer_sent", "By", "bytes sent over the raft port", peers => peers.BytesSent);
        Peers("gache.network.peer_received", "By", "bytes received over the raft port", peers => peers.BytesReceived);
        Peers("gache.network.peer_sent_failures", null, "messages dropped because a member was not connected or its queue was full", peers => peers.MessagesDropped);
        Peers("gache.network.peer_dials", null, "tries to connect to a member", peers => peers.Dials);
        Peers("gache.network.peer_refusals", null, "connections refused by name, by us or by the other end", peers => peers.Refusals);
        Peers("gache.network.peer_bad_frames", null, "connections ended because of bytes that are no frame", peers => peers.BadFrames);
    }

    private void AddStore()
    {
        Gauge("gache.store.keys", "keys", status => status.KeyCount);
        Gauge("gache.store.size", "memory of the store", status => status.StoreBytes, "By");
        Gauge("gache.store.limit", "bound on the store's memory that is in force", status => status.MaxStoreBytes, "By");
        Gauge("gache.store.revision", "the store's revision", status => (long)status.Revision);
    }

    private void AddCluster()
    {
        meter.CreateObservableGauge("gache.gossip.nodes", Nodes, null, "nodes of the cluster that are known here");
        Cluster("gache.gossip.exchanges", null, "exchanges begun", figures => figures.Gossip.Exchanges);
        Cluster("gache.gossip.pushes", null, "pushes sent", figures => figures.Gossip.Pushes);
        Cluster("gache.gossip.failures", null, "calls that were not answered", figures => figures.Gossip.Failures);
        Cluster("gache.gossip.ignored", null, "messages that no node of this version and cluster would send", figures => figures.Gossip.Ignored);
        Cluster("gache.gossip.sent", "By", "bytes of gossip sent", figures => figures.Gossip.BytesSent);
        Cluster("gache.gossip.received", "By", "bytes of gossip received", figures => figures.Gossip.BytesReceived);
        Cluster("gache.cluster.sent", "By", "bytes sent over the cluster port", figures => figures.Calls.BytesOut);
        Cluster("gache.cluster.received", "By", "bytes received over the cluster port", figures => figures.Calls.BytesIn);
        Cluster("gache.cluster.refused_requests", null, "requests over the cluster port that were refused by a bound", figures => figures.Calls.RefusedRequests);
        Cluster("gache.cluster.refused_connections", null, "connections of the cluster port refused by name, by us or by the other end", figures => figures.Calls.RefusedConnections);
        Cluster("gache.cluster.forwards_sent", null, "requests of clients passed on to other nodes", figures => figures.Calls.Sent(CallKind.Forward));
        Cluster("gache.cluster.forwards_answered", null, "of them answered", figures => figures.Calls.Answered(CallKind.Forward));
        Cluster("gache.cluster.forwards_served", null, "requests of other nodes' clients answered here", figures => figures.Calls.Served(CallKind.Forward));
        ClusterGauge("gache.cluster.warnings", "sentences about slots that an operator should look at, as in /readyz", figures => figures.Warnings);
        ClusterGauge("gache.slots.unassigned", "slots that no shard is known to own", figures => figures.SlotsUnassigned);
        ClusterGauge("gache.slots.unreachable", "slots whose shard has no live leader that is known", figures => figures.SlotsUnreachable);
        ClusterGauge("gache.slots.under_way", "slots that this node, as their source, works on", figures => figures.SlotsUnderWay);
        Cluster("gache.slots.moved", null, "slots that this node moved to other shards", figures => figures.SlotsMoved);
    }

    private void AddHttp(HttpCounters http)
    {
        meter.CreateObservableCounter("gache.http.answers", http.Read, null, "answers by method and status");
        meter.CreateObservableGauge("gache.http.connections", () => http.Connections, null, "open connections of the API port");
        meter.CreateObservableCounter("gache.http.slow_requests", () => http.SlowRequests, null, "requests that took longer than --slow-request");
    }

    private void AddWatches(WatchCounters watches)
    {
        meter.CreateObservableGauge("gache.watchers", () => watches.Open, null, "watches that are open; at most 10,000");
        meter.CreateObservableCounter("gache.watch.events", () => watches.Events, null, "changes told to watchers");
        meter.CreateObservableCounter("gache.watch.cut_off", () => watches.CutOff, null, "watches ended because their clients took too little");
    }

    private void Gauge(string name, string words, Func<ReplicaStatus, long> read, string? unit = null) =>
        meter.CreateObservableGauge(name, () => Measure(ready => read(ready.Status)), unit, words);

    private void Counter(string name, string words, Func<ReplicaCounters, long> read) =>
        meter.CreateObservableCounter(name, () => Measure(ready => read(ready.Counters)), null, words);

    private void Peers(string name, string? unit, string words, Func<TransportCounters, long> read) =>
        meter.CreateObservableCounter(name, () => MeasurePeers(read), unit, words);

    private void Cluster(string name, string? unit, string words, Func<ClusterFigures, long> read) =>
        meter.CreateObservableCounter(name, () => MeasureCluster(read), unit, words);

    private void ClusterGauge(string name, string words, Func<ClusterFigures, long> read) =>
        meter.CreateObservableGauge(name, () => MeasureCluster(read), null, words);

    private Measurement<long>[] Measure(Func<IShard, long> read) => shard() is { } ready ? [new Measurement<long>(read(ready))] : [];

    private Measurement<T>[] MeasureLog<T>(Func<LogWriterCounters, T> read)
        where T : struct => shard()?.LogCounters is { } log ? [new Measurement<T>(read(log))] : [];

    private Measurement<long>[] MeasurePeers(Func<TransportCounters, long> read) => shard()?.Peers is { } peers ? [new Measurement<long>(read(peers))] : [];

    private Measurement<long>[] MeasureCluster(Func<ClusterFigures, long> read) => cluster() is { } figures ? [new Measurement<long>(read(figures))] : [];

    private Measurement<long>[] Nodes() => cluster() is { } figures
        ? [new(figures.CountNodes(isAlive: true), new KeyValuePair<string, object?>("state", "alive")), new(figures.CountNodes(isAlive: false), new KeyValuePair<string, object?>("state", "unreachable"))]
        : [];

    private IEnumerable<Measurement<long>> Lags()
    {
        foreach (MemberStatus member in shard()?.Status.Members ?? [])
        {
            if (member.LagEntries is { } lag)
                yield return new Measurement<long>((long)lag, new KeyValuePair<string, object?>("member", member.ApiAddress));
        }
    }
}
