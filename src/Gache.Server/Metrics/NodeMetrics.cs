using System.Diagnostics.Metrics;
using Gache.Log;
using Gache.Replication;
using Gache.Server.Http;

namespace Gache.Server.Metrics;

/// <summary>The figures of this node. Every one is read from what is there anyway, when somebody asks (docs/metrics.md lists them).</summary>
internal sealed class NodeMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "gache";

    private readonly Meter meter = new(MeterName);
    private readonly Func<IShard?> shard;

    /// <summary>Registers the figures; those of the replica show once there is one.</summary>
    public NodeMetrics(Func<IShard?> shard, HttpCounters http)
    {
        this.shard = shard;
        AddRaft();
        AddLog();
        AddStore();
        AddRequests(http);
        ProcessMetrics.AddTo(meter);
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private void AddRaft()
    {
        Gauge("gache.raft.term", "term of this replica", status => (long)status.Term);
        Gauge("gache.raft.is_leader", "1 if this node leads its shard", status => status.Role == ReplicaRole.Leader ? 1 : 0);
        Gauge("gache.raft.leader_heard", "1 if a leader was heard within one election timeout", status => status.IsLeaderHeard ? 1 : 0);
        Gauge("gache.raft.members", "members in the configuration in force", status => status.Members.Count);
        Gauge("gache.raft.commit_index", "last index known to be committed", status => (long)status.CommitIndex);
        Gauge("gache.raft.applied_index", "last index applied", status => (long)status.AppliedIndex);
        Gauge("gache.alarms", "sentences that an operator should look at, as in /readyz", status => status.Alarms.Count);
        Counter("gache.raft.elections_won", "times this node was elected", counters => counters.ElectionsWon);
        Counter("gache.raft.leader_changes", "changes of the leader seen here", counters => counters.LeaderChanges);
        Counter("gache.raft.messages_received", "messages from other members", counters => counters.MessagesReceived);
        Counter("gache.raft.messages_sent", "messages to other members", counters => counters.MessagesSent);
        meter.CreateObservableGauge("gache.raft.member_lag", Lags, null, "entries a member is behind; only the leader knows");
    }

    private void AddLog()
    {
        Gauge("gache.log.first_index", "first index in the log", status => (long)status.FirstIndex);
        Gauge("gache.log.last_index", "last index in the log", status => (long)status.LastIndex);
        Gauge("gache.log.durable_index", "last index in stable storage here", status => (long)status.DurableIndex);
        Gauge("gache.log.snapshot_index", "index of the last snapshot", status => (long)status.SnapshotIndex);
        Counter("gache.log.writes", "batches handed to the log", counters => counters.LogWrites);
        meter.CreateObservableCounter("gache.log.syncs", () => MeasureLog(log => log.Syncs), null, "syncs");
        meter.CreateObservableCounter("gache.log.entries", () => MeasureLog(log => log.Entries), null, "entries written");
        meter.CreateObservableCounter("gache.log.written", () => MeasureLog(log => log.Bytes), "By", "bytes of records written");
        meter.CreateObservableCounter("gache.log.sync", () => MeasureLog(log => log.SyncTime.TotalSeconds), "s", "time that syncs took");
        meter.CreateObservableGauge("gache.log.longest_sync", () => MeasureLog(log => log.LongestSync.TotalSeconds), "s", "longest sync so far");
        Counter("gache.snapshots.taken", "snapshots taken", counters => counters.SnapshotsTaken);
        Counter("gache.snapshots.sent", "snapshots sent to followers", counters => counters.SnapshotsSent);
        Counter("gache.snapshots.installed", "snapshots installed from a leader", counters => counters.SnapshotsInstalled);
    }

    private void AddStore()
    {
        Gauge("gache.store.keys", "keys", status => status.KeyCount);
        Gauge("gache.store.size", "memory of the store", status => status.StoreBytes, "By");
        Gauge("gache.store.limit", "bound on the store's memory that is in force", status => status.MaxStoreBytes, "By");
        Gauge("gache.store.revision", "the store's revision", status => (long)status.Revision);
    }

    private void AddRequests(HttpCounters http)
    {
        Gauge("gache.requests.queued", "requests that wait in the replica", status => status.QueuedRequests);
        Counter("gache.requests.proposed", "commands proposed here as leader", counters => counters.Proposals);
        Counter("gache.requests.applied", "entries applied", counters => counters.Applied);
        Counter("gache.requests.reads", "reads served, of both levels", counters => counters.Reads);
        Counter("gache.requests.read_rounds", "rounds to the other members that confirmed reads", counters => counters.ReadRounds);
        Counter("gache.requests.refused", "requests that the replica refused, of all kinds", counters => counters.Refusals);
        meter.CreateObservableCounter("gache.http.answers", http.Read, null, "answers by method and status");
        meter.CreateObservableGauge("gache.http.connections", () => http.Connections, null, "open connections of the API port");
    }

    private void Gauge(string name, string words, Func<ReplicaStatus, long> read, string? unit = null) =>
        meter.CreateObservableGauge(name, () => Measure(ready => read(ready.Status)), unit, words);

    private void Counter(string name, string words, Func<ReplicaCounters, long> read) =>
        meter.CreateObservableCounter(name, () => Measure(ready => read(ready.Counters)), null, words);

    private Measurement<long>[] Measure(Func<IShard, long> read) => shard() is { } ready ? [new Measurement<long>(read(ready))] : [];

    private Measurement<T>[] MeasureLog<T>(Func<LogWriterCounters, T> read)
        where T : struct => shard()?.LogCounters is { } log ? [new Measurement<T>(read(log))] : [];

    private IEnumerable<Measurement<long>> Lags()
    {
        foreach (MemberStatus member in shard()?.Status.Members ?? [])
        {
            if (member.LagEntries is { } lag)
                yield return new Measurement<long>((long)lag, new KeyValuePair<string, object?>("member", member.ApiAddress));
        }
    }
}
