using System.IO.Hashing;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>Which shard was granted which slots when it was founded: kept by the founding shard, so that no slot is granted twice (P9).</summary>
internal sealed class SlotGrants
{
    /// <summary>The most shards of a cluster.</summary>
    public const int MaxShards = 1_024;

    /// <summary>The most ranges in one grant: what is asked for at founding is a few, moves come later.</summary>
    public const int MaxRanges = 64;

    private readonly SortedDictionary<ShardId, SlotSet> granted = [];
    private UInt128? checksum; // asked for far more often than grants are made

    /// <summary>Whether this shard founded the cluster, and so grants slots to others.</summary>
    public bool IsFounding { get; private set; } = true;

    /// <summary>What the founding shard kept for itself when it was founded.</summary>
    public SlotSet Own { get; private set; } = SlotSet.All;

    /// <summary>True while the log never spoke of slots.</summary>
    public bool IsUntold { get; private set; } = true;

    /// <summary>True in a recovered shard: a grant that only lost members knew may be in force, so slots are not granted to anybody new.</summary>
    public bool IsClosed { get; private set; }

    public IReadOnlyDictionary<ShardId, SlotSet> Granted => granted;

    public void Reset()
    {
        granted.Clear();
        checksum = null;
        (IsFounding, Own, IsUntold, IsClosed) = (true, SlotSet.All, true, false);
    }

    public void Close() => (IsClosed, checksum) = (true, null);

    public void Found(SlotSet own, bool isFounding) => (IsFounding, Own, IsUntold, checksum) = (isFounding, own, false, null);

    /// <summary>Who was granted one of these slots before; none if the grant is free. The founding shard itself is <paramref name="self"/>.</summary>
    public ShardId HolderOf(SlotSet wanted, ShardId asking, ShardId self)
    {
        if (Own.Overlaps(wanted)) return self;
        foreach ((ShardId shard, SlotSet slots) in granted)
        {
            if (shard != asking && slots.Overlaps(wanted)) return shard;
        }

        return default;
    }

    /// <summary>Grants, or says again what was granted: the same shard always gets the same answer.</summary>
    /// <returns>False if the slots are others' or the bound on shards is reached.</returns>
    public bool TryGrant(ShardId shard, SlotSet wanted)
    {
        if (!IsFounding || shard.IsNone) return false;
        if (granted.TryGetValue(shard, out SlotSet? before)) return before.Equals(wanted);
        if (granted.Count >= MaxShards || wanted.Ranges.Count() > MaxRanges) return false;
        if (IsClosed && wanted.Count > 0) return false;
        if (Own.Overlaps(wanted) || granted.Values.Any(wanted.Overlaps)) return false;
        granted.Add(shard, wanted);
        (IsUntold, checksum) = (false, null);
        return true;
    }

    private UInt128 ComputeChecksum()
    {
        var image = new ByteWriter();
        WriteTo(image);
        return XxHash128.HashToUInt128(image.Written);
    }

    public void WriteTo(ByteWriter writer)
    {
        writer.WriteBoolean(IsUntold);
        writer.WriteBoolean(IsFounding);
        writer.WriteBoolean(IsClosed);
        Own.WriteTo(writer);
        writer.WriteUInt16((ushort)granted.Count);
        foreach ((ShardId shard, SlotSet slots) in granted)
        {
            writer.WriteUInt128(shard.Value);
            slots.WriteTo(writer);
        }
    }

    public bool TryReadFrom(ref ByteReader reader)
    {
        Reset();
        IsUntold = reader.ReadBoolean();
        IsFounding = reader.ReadBoolean();
        IsClosed = reader.ReadBoolean();
        if (!SlotSet.TryReadFrom(ref reader, out SlotSet own)) return false;
        Own = own;
        int count = reader.ReadUInt16();
        for (int i = 0; i < count; i++)
        {
            var shard = new ShardId(reader.ReadUInt128());
            if (!SlotSet.TryReadFrom(ref reader, out SlotSet slots) || !granted.TryAdd(shard, slots)) return false;
        }

        return reader.IsValid;
    }

    /// <summary>The checksum of the grants; zero while the log never spoke of slots.</summary>
    public UInt128 Checksum
    {
        get
        {
            if (IsUntold) return 0;
            return checksum ??= ComputeChecksum();
        }
    }
}
