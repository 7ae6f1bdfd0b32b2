using System.Numerics;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>Which slots of a cursor stand at one place: made once for all cursors of a batch, in which only the places themselves go on.</summary>
/// <remarks>
/// Written in the shorter of two ways, after a byte that says which: runs of slots (group, slots less one, varints), or the group of each slot in as many
/// bits as the groups need, the lowest first. So a cluster whose slots are scattered one by one over two shards takes a bit a slot, not a run.
/// </remarks>
internal sealed class CursorShape
{
    private const byte Runs = 0;
    private const byte Packed = 1;

    private readonly int first;
    private readonly List<(ulong Epoch, ulong Revision, bool GoesOn)> groups = [];
    private readonly ByteWriter shape = new(64);

    /// <summary>Makes the shape.</summary>
    /// <param name="parts">In order, each beginning where the one before ends; and whether the slots come to the revision of whatever is told.</param>
    public CursorShape(IEnumerable<(SlotPlace Place, bool GoesOn)> parts)
    {
        var numbers = new Dictionary<(ulong, ulong, bool), int>();
        var runs = new List<(int Group, int Slots)>();
        int slots = 0;
        foreach ((SlotPlace place, bool goesOn) in parts)
        {
            if (slots == 0) first = place.First;
            Invariant.Holds(place.First == first + slots, $"a cursor goes from slot {first + slots} to {place.First}");
            if (!numbers.TryGetValue((place.Epoch, place.Revision, goesOn), out int group))
            {
                group = groups.Count;
                numbers.Add((place.Epoch, place.Revision, goesOn), group);
                groups.Add((place.Epoch, place.Revision, goesOn));
            }

            int more = place.Last - place.First + 1;
            if (runs.Count > 0 && runs[^1].Group == group) runs[^1] = (group, runs[^1].Slots + more);
            else runs.Add((group, more));
            slots += more;
        }

        int packed = 1 + (int)(((long)slots * BitsFor(groups.Count)) + 7) / 8;
        shape.WriteByte(Runs);
        foreach ((int group, int count) in runs)
        {
            shape.WriteVarUInt64((ulong)group);
            shape.WriteVarUInt64((ulong)count - 1);
            if (shape.Length > packed + 3) break; // the other way is shorter
        }

        if (shape.Length > packed + 3) Pack(runs, slots);
    }

    /// <summary>Writes the cursor of whoever was told all up to a revision of the slots that go on.</summary>
    public string At(ClusterId cluster, ulong revision)
    {
        var writer = new ByteWriter(32 + (groups.Count * 8) + shape.Length);
        WatchCursor.WriteHead(writer, cluster);
        writer.WriteVarUInt64((ulong)first);
        writer.WriteVarUInt64((ulong)groups.Count);
        foreach ((ulong epoch, ulong known, bool goesOn) in groups)
        {
            writer.WriteVarUInt64(epoch);
            writer.WriteVarUInt64(goesOn ? Math.Max(known, revision) : known);
        }

        writer.WriteBytes(shape.Written);
        return WatchCursor.Seal(writer);
    }

    /// <summary>Reads first slot, places and shape; all of the rest.</summary>
    /// <returns>False if they are none.</returns>
    public static bool TryRead(ref ByteReader reader, List<SlotPlace> places)
    {
        ulong slot = reader.ReadVarUInt64();
        ulong count = reader.ReadVarUInt64();
        if (!reader.IsValid || slot >= Slot.Count || count > (ulong)reader.Remaining / 2) return false; // a place has two bytes at least
        var groups = new (ulong Epoch, ulong Revision)[(int)count];
        for (int i = 0; i < groups.Length; i++) groups[i] = (reader.ReadVarUInt64(), reader.ReadVarUInt64());
        byte way = reader.ReadByte();
        if (!reader.IsValid || groups.Length == 0) return false;
        return way switch
        {
            Runs => TryReadRuns(ref reader, (int)slot, groups, places),
            Packed => TryUnpack(ref reader, (int)slot, groups, places),
            _ => false,
        };
    }

    private static bool TryReadRuns(ref ByteReader reader, int next, (ulong Epoch, ulong Revision)[] groups, List<SlotPlace> places)
    {
        while (reader.Remaining > 0)
        {
            (ulong group, ulong more) = (reader.ReadVarUInt64(), reader.ReadVarUInt64());
            if (!reader.IsValid || group >= (ulong)groups.Length || more >= (ulong)(Slot.Count - next)) return false;
            places.Add(new SlotPlace(next, next + (int)more, groups[group].Epoch, groups[group].Revision));
            next += (int)more + 1;
        }

        return reader.IsValid && places.Count > 0;
    }

    private static bool TryUnpack(ref ByteReader reader, int first, (ulong Epoch, ulong Revision)[] groups, List<SlotPlace> places)
    {
        ulong count = reader.ReadVarUInt64();
        int bits = BitsFor(groups.Length);
        if (!reader.IsValid || count == 0 || count > (ulong)(Slot.Count - first) || reader.Remaining != (((int)count * bits) + 7) / 8) return false;
        ReadOnlySpan<byte> packed = reader.ReadBytes(reader.Remaining);
        for (int i = 0; i < (int)count; i++)
        {
            int group = 0;
            for (int bit = 0; bit < bits; bit++) group |= ((packed[((i * bits) + bit) / 8] >> (((i * bits) + bit) % 8)) & 1) << bit;
            if (group >= groups.Length) return false;
            (int slot, ulong epoch, ulong revision) = (first + i, groups[group].Epoch, groups[group].Revision);
            if (places.Count > 0 && (places[^1].Epoch, places[^1].Revision) == (epoch, revision)) places[^1] = places[^1] with { Last = slot };
            else places.Add(new SlotPlace(slot, slot, epoch, revision));
        }

        return true;
    }

    private void Pack(List<(int Group, int Slots)> runs, int slots)
    {
        int bits = BitsFor(groups.Count);
        byte[] packed = new byte[((slots * bits) + 7) / 8];
        int at = 0;
        foreach ((int group, int count) in runs)
        {
            for (int i = 0; i < count; i++, at += bits)
            {
                for (int bit = 0; bit < bits; bit++) packed[(at + bit) / 8] |= (byte)(((group >> bit) & 1) << ((at + bit) % 8));
            }
        }

        shape.Clear();
        shape.WriteByte(Packed);
        shape.WriteVarUInt64((ulong)slots);
        shape.WriteBytes(packed);
    }

    private static int BitsFor(int groups) => 32 - BitOperations.LeadingZeroCount((uint)(groups - 1));
}
