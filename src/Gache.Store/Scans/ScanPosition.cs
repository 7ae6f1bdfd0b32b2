using Gache.Primitives;

namespace Gache.Store;

/// <summary>Where a scan goes on: behind a key of a slot. Exact also when the slot moves: a key keeps its slot, and stands in it by its bytes.</summary>
/// <param name="Slot">0 to 16,383; 16,384 once all slots are behind.</param>
/// <param name="After">The last key that was seen in the slot; empty where none was.</param>
public readonly record struct ScanPosition(int Slot, ReadOnlyMemory<byte> After)
{
    /// <summary>Before all keys.</summary>
    public static ScanPosition Start => new(0, default);

    /// <summary>Whether nothing is left.</summary>
    public bool IsEnd => Slot >= Gache.Store.Slot.Count;

    /// <summary>Writes it: slot (2), key length (2), key.</summary>
    public void WriteTo(ByteWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteUInt16((ushort)Slot);
        writer.WriteUInt16((ushort)After.Length);
        writer.WriteBytes(After.Span);
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote; false for anything else.</summary>
    public static bool TryReadFrom(ref ByteReader reader, out ScanPosition position)
    {
        int slot = reader.ReadUInt16();
        ReadOnlySpan<byte> after = reader.ReadBytes(reader.ReadUInt16());
        position = new ScanPosition(slot, after.ToArray());
        return reader.IsValid && slot <= Gache.Store.Slot.Count && after.Length <= StoreLimits.MaxKeyBytes && (after.IsEmpty || slot < Gache.Store.Slot.Count);
    }
}

/// <summary>Why a page, or a deletion's slice, ended.</summary>
public enum ScanEnd : byte
{
    /// <summary>All slots up to the last one wanted are behind.</summary>
    Complete,

    /// <summary>A bound was reached; it goes on at the position.</summary>
    Bound,

    /// <summary>The position's slot is not served by this shard: its owner goes on.</summary>
    NotServed,
}
