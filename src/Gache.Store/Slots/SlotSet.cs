using System.Globalization;
using System.Text;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>A set of slots: a bit for each.</summary>
public sealed class SlotSet : IEquatable<SlotSet>
{
    private readonly ulong[] bits = new ulong[Slot.Count / 64];

    /// <summary>All 16,384 slots.</summary>
    public static SlotSet All { get; } = Of(0, Slot.Count - 1);

    /// <summary>How many slots it has.</summary>
    public int Count { get; private set; }

    /// <summary>The slots as ranges, first and last included, in order.</summary>
    public IEnumerable<(int First, int Last)> Ranges
    {
        get
        {
            int first = -1;
            for (int slot = 0; slot <= Slot.Count; slot++)
            {
                bool isIn = slot < Slot.Count && Contains(slot);
                if (isIn && first < 0) first = slot;
                if (isIn || first < 0) continue;
                yield return (first, slot - 1);
                first = -1;
            }
        }
    }

    /// <summary>A set of one range.</summary>
    public static SlotSet Of(int first, int last)
    {
        var set = new SlotSet();
        set.AddRange(first, last);
        return set;
    }

    /// <summary>Reads ranges as a person writes them: <c>0-5000,7000</c>; <c>none</c> is the empty set.</summary>
    public static bool TryParse(string? text, out SlotSet set)
    {
        set = new SlotSet();
        if (string.IsNullOrEmpty(text)) return false;
        if (text == "none") return true;
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length is 0 or > 2 || !TryParseSlot(ends[0], out int first) || !TryParseSlot(ends[^1], out int last) || last < first) return false;
            set.AddRange(first, last);
        }

        return true;
    }

    /// <summary>Whether a slot is in it.</summary>
    public bool Contains(int slot) => (bits[slot >> 6] & (1ul << (slot & 63))) != 0;

    /// <summary>Adds a slot.</summary>
    public void Add(int slot)
    {
        if (Contains(slot)) return;
        bits[slot >> 6] |= 1ul << (slot & 63);
        Count++;
    }

    /// <summary>Takes a slot out.</summary>
    public void Remove(int slot)
    {
        if (!Contains(slot)) return;
        bits[slot >> 6] &= ~(1ul << (slot & 63));
        Count--;
    }

    /// <summary>Adds a range, first and last included.</summary>
    public void AddRange(int first, int last)
    {
        for (int slot = first; slot <= last; slot++) Add(slot);
    }

    /// <summary>Adds all slots of another set.</summary>
    public void Add(SlotSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach ((int first, int last) in other.Ranges) AddRange(first, last);
    }

    /// <summary>Whether some slot is in both.</summary>
    public bool Overlaps(SlotSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int i = 0; i < bits.Length; i++)
        {
            if ((bits[i] & other.bits[i]) != 0) return true;
        }

        return false;
    }

    /// <summary>The slots that are in neither.</summary>
    public SlotSet Complement()
    {
        var rest = new SlotSet();
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            if (!Contains(slot)) rest.Add(slot);
        }

        return rest;
    }

    /// <summary>Writes the ranges: their number (2 bytes), then first and last (2 bytes each).</summary>
    public void WriteTo(ByteWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        (int First, int Last)[] ranges = [.. Ranges];
        writer.WriteUInt16((ushort)ranges.Length);
        foreach ((int first, int last) in ranges)
        {
            writer.WriteUInt16((ushort)first);
            writer.WriteUInt16((ushort)last);
        }
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote.</summary>
    /// <returns>False for anything else; never more than the bytes given are believed.</returns>
    public static bool TryReadFrom(ref ByteReader reader, out SlotSet set)
    {
        set = new SlotSet();
        int ranges = reader.ReadUInt16();
        for (int i = 0, least = 0; i < ranges; i++)
        {
            int first = reader.ReadUInt16();
            int last = reader.ReadUInt16();
            if (!reader.IsValid || first < least || last < first || last >= Slot.Count) return false;
            set.AddRange(first, last);
            least = last + 1;
        }

        return reader.IsValid;
    }

    /// <inheritdoc/>
    public bool Equals(SlotSet? other) => other is not null && bits.AsSpan().SequenceEqual(other.bits);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SlotSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (ulong part in bits) hash.Add(part);
        return hash.ToHashCode();
    }

    /// <summary>As a person writes it: <c>0-5000,7000</c>, or <c>none</c>.</summary>
    public override string ToString()
    {
        if (Count == 0) return "none";
        var text = new StringBuilder();
        foreach ((int first, int last) in Ranges)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{first}");
            if (last > first) text.Append(CultureInfo.InvariantCulture, $"-{last}");
        }

        return text.ToString();
    }

    private static bool TryParseSlot(string text, out int slot) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out slot) && slot < Slot.Count;
}
