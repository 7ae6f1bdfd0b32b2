namespace Gache.Cluster;

/// <summary>This node's own record: its generation, its heartbeat, and what happens when others know a later one of it.</summary>
internal sealed class OwnNode
{
    /// <summary>The least time between two raises: two instances of one id would otherwise outbid each other without pause.</summary>
    private static readonly TimeSpan RaiseEvery = TimeSpan.FromSeconds(1);

    /// <summary>A second raise within it is not a lost generation any more: somebody else is writing.</summary>
    private static readonly TimeSpan DuelWithin = TimeSpan.FromMinutes(1);

    private readonly GossipOptions options;
    private readonly NodeTable table;
    private readonly IPeerStore saved;
    private readonly TimeProvider time;
    private readonly Alarms alarms;
    private NodeRecord record;
    private LoadRecord? wantedLoad;
    private TimeSpan nextLoad;
    private TimeSpan bornAt;
    private TimeSpan? raisedAt;
    private ulong? seenAbove;

    /// <summary>Begins a life: its generation is above all that was saved, and durable, before anybody can hear of it.</summary>
    public OwnNode(NodeRecord first, GossipOptions options, NodeTable table, IPeerStore saved, TimeProvider time, Alarms alarms)
    {
        (this.options, this.table, this.saved, this.time, this.alarms) = (options, table, saved, time, alarms);
        record = Checked(first);
        ulong generation = Math.Max(NowMs, saved.ReadGeneration() + 1);
        saved.SaveGeneration(generation);
        Publish(record with { Generation = generation, Version = 1 });
        if (!record.Cluster.IsNone) table.Enter(record.Cluster);
    }

    public NodeRecord Record => record;

    private ulong NowMs => (ulong)Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Takes what the node says of itself now.</summary>
    /// <returns>False if it says what it said before.</returns>
    public bool Update(NodeRecord said)
    {
        NodeRecord next = Checked(said) with { Generation = record.Generation, Version = record.Version + 1 };
        if (next.Says(record)) return false;
        Publish(next);
        if (!record.Cluster.IsNone) table.Enter(record.Cluster);
        return true;
    }

    /// <summary>Takes a load to be told when its time has come.</summary>
    public void UpdateLoad(LoadRecord load) => wantedLoad = load;

    /// <summary>Lets the heartbeat rise, and does what is due.</summary>
    /// <returns>True if the record changed.</returns>
    public bool Tick(TimeSpan now)
    {
        // By elapsed time and not by ticks, so that the others' guess stays good after a pause.
        table.Own.Beat = Math.Max(table.Own.Beat, (ulong)((now - bornAt).Ticks / Beats.Interval.Ticks));
        if (wantedLoad is { } load && load != table.Own.Load && (now >= nextLoad || load.IsHealthy != table.Own.Load?.IsHealthy))
        {
            (table.Own.Load, table.Own.LoadVersion) = (load, Math.Max(table.Own.LoadVersion, table.Own.Beat) + 1);
            nextLoad = now + options.LoadEvery;
            table.OwnLoadChanged();
        }

        return seenAbove is not null && (raisedAt is null || now - raisedAt >= RaiseEvery) && RaiseAbove(seenAbove.Value, now);
    }

    /// <summary>Somebody told of this node's own id: anything above what this process said was written by another life or another process.</summary>
    public void Seen(ulong generation, ulong version, ulong beat, ulong loadVersion)
    {
        bool isAbove = generation > record.Generation
            || (generation == record.Generation && (version > record.Version || beat > table.Own.Beat || loadVersion > table.Own.LoadVersion));
        if (isAbove) seenAbove = Math.Max(generation, seenAbove ?? 0);
    }

    /// <summary>Another process called under this node's id.</summary>
    public void SeenAnotherProcess(ulong nonce, TimeSpan now) =>
        alarms.Raise(GossipAlarmKind.AnotherInstance, $"another process ({nonce:x16}) calls with the id of this node, {options.Node}", now);

    private bool RaiseAbove(ulong seen, TimeSpan now)
    {
        seenAbove = null;
        ulong generation = Math.Max(NowMs, Math.Max(seen, record.Generation) + 1);
        if (raisedAt is not null && now - raisedAt < DuelWithin)
        {
            alarms.Raise(GossipAlarmKind.AnotherInstance, $"somebody else writes the record of this node, {options.Node}: generation {seen} after {record.Generation}", now);
        }

        raisedAt = now;
        if (generation >= GossipLimits.MaxCounter) return false; // only an inventor can have come so far, and gossip is a hint
#pragma warning disable CA1031 // Whatever the disk says: without a durable generation there is no new life, and the old one goes on.
        try
        {
            saved.SaveGeneration(generation);
        }
        catch (Exception e)
        {
            alarms.Raise(GossipAlarmKind.GenerationNotSaved, $"generation {generation} of this node was not saved: {e.Message}", now);
            return false;
        }
#pragma warning restore CA1031
        (bornAt, table.Own.Beat, table.Own.Load, table.Own.LoadVersion) = (now, 0, null, 0);
        Publish(record with { Generation = generation, Version = 1 });
        return true;
    }

    private NodeRecord Checked(NodeRecord said) =>
        said.Node == options.Node && (said with { Generation = 0, Version = 0 }).IsValid ? said
            : throw new ArgumentException($"no record of node {options.Node}: {said}", nameof(said));

    private void Publish(NodeRecord next)
    {
        record = next;
        table.OwnChanged(next, RecordCodec.Encode(next));
    }
}
