using System.Diagnostics.CodeAnalysis;
using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>The records of all nodes, this one's too, in bounds; what may enter, what replaces what, and when it goes.</summary>
internal sealed class NodeTable
{
    private readonly Dictionary<NodeId, KnownNode> nodes = [];
    private readonly GossipOptions options;
    private readonly TimeProvider time;
    private int slotRanges;
    private Roster? roster;
    private ulong? contentHash;

    public NodeTable(GossipOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        Own = new KnownNode(options.Node) { IsAlive = true, HasRisen = true, Since = time.GetUtcNow() };
        nodes.Add(Own.Id, Own);
    }

    /// <summary>This node.</summary>
    public KnownNode Own { get; }

    /// <summary>The cluster whose records are taken: the own one, or the first heard of while there is none.</summary>
    public ClusterId Cluster { get; private set; }

    public IReadOnlyCollection<KnownNode> Nodes => nodes.Values;

    /// <summary>Whether <see cref="Picture"/> would be another than it was.</summary>
    public bool HasChanged { get; private set; } = true;

    public Roster Roster => roster ??= new Roster(nodes.Values.Where(node => node.IsTold));

    public ulong ContentHash => contentHash ??= Roster.HashContent();

    public bool TryGet(NodeId id, [NotNullWhen(true)] out KnownNode? node) => nodes.TryGetValue(id, out node);

    /// <summary>Since when a node's heartbeat did not rise, in tenths of a second, rounded up: no hop may make a dead record younger.</summary>
    public ulong SilenceOf(KnownNode node, TimeSpan now) =>
        node == Own || now <= node.RisenAt ? 0 : (ulong)Math.Ceiling((now - node.RisenAt).TotalMilliseconds / 100);

    /// <summary>The node belongs to a cluster, or heard of one: records of any other go.</summary>
    public void Enter(ClusterId cluster)
    {
        if (Cluster == cluster) return;
        Cluster = cluster;
        HasChanged = true;
        foreach (KnownNode node in nodes.Values.Where(node => node != Own && node.Record is { } record && !IsOfOurs(record)).ToArray()) Remove(node);
    }

    /// <summary>Says that the own record, load or heartbeat changed.</summary>
    public void OwnChanged(NodeRecord record, byte[] body)
    {
        slotRanges += record.Slots.Count - Own.SlotRangeCount;
        (Own.Record, Own.Body, Own.Generation, Own.Version) = (record, body, record.Generation, record.Version);
        Changed(isRoster: true);
    }

    public void OwnLoadChanged() => Changed(isRoster: false);

    /// <summary>Takes another node's record, if it is newer, well-formed, of this cluster and there is room.</summary>
    /// <returns>True if it was taken: others should hear of it soon.</returns>
    public bool Put(RecordEntry entry, TimeSpan now)
    {
        if (entry.Silence > Tenths(options.TellDeadFor)) return false; // everybody who knew it lets go of it now
        bool isKnown = nodes.TryGetValue(entry.Node, out KnownNode? node);
        if (isKnown && !node!.IsBelow(entry.Generation, entry.Version))
        {
            if (node.Generation == entry.Generation && !node.IsForgotten) Rise(node, entry.Beat, entry.Silence, now);
            return false;
        }

        // An operator's word is not taken over one's own ears; it is offered again until the node is silent, or has spoken against it.
        if (entry.IsForgotten && isKnown && node!.IsAlive) return false;
        NodeRecord? record = entry.IsForgotten ? null : RecordCodec.TryDecode(entry.Node, entry.Generation, entry.Version, entry.Body);
        if (!entry.IsForgotten && (record is null || !IsOfOurs(record))) return false;
        if (!HasRoom(isKnown, (record?.Slots.Count ?? 0) - (node?.SlotRangeCount ?? 0), entry.Node)) return false;

        TimeSpan heard = now - TimeSpan.FromMilliseconds(entry.Silence * 100.0);
        node ??= Add(entry, heard);
        bool isNewLife = node.Generation != entry.Generation;
        slotRanges += (record?.Slots.Count ?? 0) - node.SlotRangeCount;
        (node.Generation, node.Version, node.Record, node.Body) = (entry.Generation, entry.Version, record, entry.IsForgotten ? [] : entry.Body);
        if (entry.IsForgotten) End(node, heard);
        else if (isNewLife) BeginLife(node, entry.Beat, heard, now);
        else Rise(node, entry.Beat, entry.Silence, now);
        Changed(isRoster: true);
        return true;
    }

    /// <summary>Takes a heartbeat of the node's present generation.</summary>
    public void Rise(KnownNode node, ulong beat, ulong silence, TimeSpan now)
    {
        if (node == Own || node.IsForgotten) return;
        TimeSpan heard = now - TimeSpan.FromMilliseconds(Math.Min(silence, Tenths(options.KeepDeadFor)) * 100.0);
        if (beat > node.Beat)
        {
            node.Beat = beat;
            if (heard > node.RisenAt) NoteRise(node, heard, now);
        }
        else if (beat == node.Beat && !node.IsAlive && heard < node.RisenAt)
        {
            node.RisenAt = heard; // somebody else has missed it for longer
        }
    }

    /// <summary>Takes a load record of a node's present generation.</summary>
    public void PutLoad(LoadEntry entry)
    {
        if (!nodes.TryGetValue(entry.Node, out KnownNode? node) || node == Own || node.IsForgotten) return;
        if (node.Generation != entry.Generation || entry.Version <= node.LoadVersion) return;
        (node.Load, node.LoadVersion) = (entry.Load, entry.Version);
        Changed(isRoster: false);
    }

    /// <summary>Ends a node's record by an operator's word.</summary>
    public void Forget(KnownNode node, TimeSpan now)
    {
        slotRanges -= node.SlotRangeCount;
        (node.Version, node.Record, node.Body) = (RecordEntry.Forgotten, null, []);
        End(node, now);
        Changed(isRoster: true);
    }

    /// <summary>Who was silent for too long is unreachable; a dead record is told on for half of its life and then dropped.</summary>
    public void Judge(TimeSpan now)
    {
        List<KnownNode>? gone = null;
        foreach (KnownNode node in nodes.Values)
        {
            if (node == Own) continue;
            TimeSpan silent = now - node.RisenAt;
            if (node.IsAlive && silent > node.Window.Timeout) SetAlive(node, false);
            if (silent > options.KeepDeadFor) (gone ??= []).Add(node);
            bool isTold = silent <= options.TellDeadFor;
            if (node.IsTold == isTold) continue;
            node.IsTold = isTold;
            (roster, contentHash) = (null, null);
        }

        foreach (KnownNode node in gone ?? []) Remove(node);
    }

    /// <summary>This process did nothing for a while: nobody else's silence counts for that long.</summary>
    public void Excuse(TimeSpan pause, TimeSpan now)
    {
        foreach (KnownNode node in nodes.Values)
        {
            // What came after the pause and before this tick was heard at its own time.
            if (node.IsAlive) node.RisenAt = node.RisenAt + pause < now ? node.RisenAt + pause : now;
        }
    }

    /// <summary>What is known now, for readers on any thread.</summary>
    public ClusterView Picture(ulong number)
    {
        HasChanged = false;
        return new ClusterView(number, Cluster, [.. nodes.Values
            .Where(node => node.Record is not null)
            .OrderBy(node => node.Id)
            .Select(node => new NodeView(node.Record!, node.Load, node.IsAlive, node.Since))]);
    }

    private static ulong Tenths(TimeSpan span) => (ulong)(span.TotalMilliseconds / 100);

    private bool IsOfOurs(NodeRecord record) => record.Cluster.IsNone || record.Cluster == Cluster;

    private bool HasRoom(bool isKnown, int moreRanges, NodeId forWhom)
    {
        while ((!isKnown && nodes.Count >= GossipLimits.MaxNodes) || slotRanges + moreRanges > GossipLimits.MaxSlotRangesHeld)
        {
            // What never rose may be invented: it makes room for what may be real.
            KnownNode? least = nodes.Values.Where(node => !node.HasRisen && node.Id != forWhom).MinBy(node => node.RisenAt);
            if (least is null) return false;
            Remove(least);
        }

        return true;
    }

    private KnownNode Add(RecordEntry entry, TimeSpan heard)
    {
        // Never alive by first sight: the heartbeat has to rise here.
        var node = new KnownNode(entry.Node) { Generation = entry.Generation, Beat = entry.Beat, RisenAt = heard, Since = time.GetUtcNow() };
        nodes.Add(node.Id, node);
        return node;
    }

    private void Remove(KnownNode node)
    {
        slotRanges -= node.SlotRangeCount;
        nodes.Remove(node.Id);
        Changed(isRoster: true);
    }

    private void BeginLife(KnownNode node, ulong beat, TimeSpan heard, TimeSpan now)
    {
        (node.Beat, node.Load, node.LoadVersion) = (beat, null, 0);
        if (heard > node.RisenAt) NoteRise(node, heard, now); // only the node itself can go above its generation: it lives
    }

    private void End(KnownNode node, TimeSpan at)
    {
        (node.Beat, node.Load, node.LoadVersion, node.RisenAt, node.HasRisen) = (0, null, 0, at, false);
        SetAlive(node, false);
    }

    private void NoteRise(KnownNode node, TimeSpan heard, TimeSpan now)
    {
        if (node.IsAlive) node.Window.Add(heard - node.RisenAt);
        (node.RisenAt, node.HasRisen) = (heard, true);
        if (!node.IsTold) (node.IsTold, roster, contentHash) = (true, null, null);
        if (!node.IsAlive && now - heard <= HeartbeatWindow.LeastTimeout)
        {
            node.Window.Reset();
            SetAlive(node, true);
        }
    }

    private void SetAlive(KnownNode node, bool isAlive)
    {
        if (node.IsAlive == isAlive) return;
        (node.IsAlive, node.Since) = (isAlive, time.GetUtcNow());
        HasChanged = true;
    }

    private void Changed(bool isRoster)
    {
        if (isRoster) roster = null;
        contentHash = null;
        HasChanged = true;
    }
}
