using System.Buffers.Binary;
using System.Buffers.Text;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>Where a watcher stands, as text that it gives back to go on: which changes of which slots it has seen.</summary>
/// <remarks>
/// base64url of: format (1), cluster (4), runs of slots (gap before, slots less one, epoch, revision, each a varint), CRC-32C of all that (4).
/// The checksum is against cutting and mistyping; what it says is checked against the shards' histories.
/// </remarks>
public static class WatchCursor
{
    /// <summary>The longest text that is looked at.</summary>
    public const int MaxChars = 24 * 1024;

    private const byte Format = 1;
    private const int LeastBytes = 1 + 4 + 4;

    /// <summary>Writes a cursor.</summary>
    /// <param name="cluster">The cluster: a cursor means nothing in another one.</param>
    /// <param name="places">In order, without overlap.</param>
    public static string Encode(ClusterId cluster, IEnumerable<SlotPlace> places)
    {
        ArgumentNullException.ThrowIfNull(places);
        var writer = new ByteWriter(64);
        writer.WriteByte(Format);
        writer.WriteUInt32(Mark(cluster));
        WriteRuns(writer, places);
        writer.WriteUInt32(Crc32C.Compute(writer.Written));
        return Base64Url.EncodeToString(writer.Written);
    }

    /// <summary>Reads a cursor of somebody who watches these keys.</summary>
    /// <returns>False for anything but what <see cref="Encode"/> wrote for this cluster and exactly these keys' slots.</returns>
    public static bool TryParse(string? text, ClusterId cluster, WatchFilter filter, out List<SlotPlace> places)
    {
        ArgumentNullException.ThrowIfNull(filter);
        places = [];
        if (text is null || text.Length is 0 or > MaxChars || !Base64Url.IsValid(text)) return false;
        byte[] bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length < LeastBytes) return false;
        if (Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4))) return false;
        var reader = new ByteReader(bytes.AsSpan(0, bytes.Length - 4));
        if (reader.ReadByte() != Format || reader.ReadUInt32() != Mark(cluster)) return false;
        return TryReadRuns(ref reader, places) && IsOf(filter, places);
    }

    internal static bool TryReadRuns(ref ByteReader reader, List<SlotPlace> places)
    {
        int next = 0;
        while (reader.Remaining > 0)
        {
            ulong gap = reader.ReadVarUInt64();
            ulong more = reader.ReadVarUInt64();
            (ulong epoch, ulong revision) = (reader.ReadVarUInt64(), reader.ReadVarUInt64());
            if (!reader.IsValid || gap >= Slot.Count || more >= Slot.Count || next + (int)gap + (int)more >= Slot.Count) return false;
            int first = next + (int)gap;
            places.Add(new SlotPlace(first, first + (int)more, epoch, revision));
            next = first + (int)more + 1;
        }

        return reader.IsValid;
    }

    internal static void WriteRuns(ByteWriter writer, IEnumerable<SlotPlace> places)
    {
        SlotPlace? run = null;
        int next = 0;
        foreach (SlotPlace place in places)
        {
            if (run is { } before && before.Last + 1 == place.First && (before.Epoch, before.Revision) == (place.Epoch, place.Revision))
            {
                run = before with { Last = place.Last };
                continue;
            }

            WriteRun();
            run = place;
        }

        WriteRun();

        void WriteRun()
        {
            if (run is not { } one) return;
            writer.WriteVarUInt64((ulong)(one.First - next));
            writer.WriteVarUInt64((ulong)(one.Last - one.First));
            writer.WriteVarUInt64(one.Epoch);
            writer.WriteVarUInt64(one.Revision);
            next = one.Last + 1;
        }
    }

    private static bool IsOf(WatchFilter filter, List<SlotPlace> places)
    {
        int next = filter.FirstSlot;
        foreach (SlotPlace place in places)
        {
            if (place.First != next) return false;
            next = place.Last + 1;
        }

        return places.Count > 0 && next == filter.LastSlot + 1;
    }

    private static uint Mark(ClusterId cluster) => (uint)(cluster.Value ^ (cluster.Value >> 32));
}
