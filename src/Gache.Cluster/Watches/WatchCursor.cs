using System.Buffers.Binary;
using System.Buffers.Text;
using Gache.Primitives;
using Gache.Replication;

namespace Gache.Cluster;

/// <summary>Where a watcher stands, as text that it gives back to go on: which changes of which slots it has seen.</summary>
/// <remarks>
/// base64url of: format (1), cluster (4), first slot (varint), how many different places (varint), each as epoch and revision (varints), then which
/// slot stands at which of them (<see cref="CursorShape"/>), CRC-32C of all that (4).
/// The checksum is against cutting and mistyping; what it says is checked against the shards' histories.
/// </remarks>
public static class WatchCursor
{
    /// <summary>The longest text that is looked at: a request's headers have 32 KiB together. Also where each slot stands elsewhere than its
    /// neighbours, up to 256 different places fit.</summary>
    public const int MaxChars = 24 * 1024;

    private const byte Format = 2;

    /// <summary>Writes a cursor.</summary>
    /// <param name="cluster">The cluster: a cursor means nothing in another one.</param>
    /// <param name="places">In order, each beginning where the one before ends.</param>
    public static string Encode(ClusterId cluster, IEnumerable<SlotPlace> places)
    {
        ArgumentNullException.ThrowIfNull(places);
        return new CursorShape(places.Select(place => (place, false))).At(cluster, 0);
    }

    /// <summary>Reads a cursor of somebody who watches these keys.</summary>
    /// <returns>False for anything but what <see cref="Encode"/> wrote for this cluster and exactly these keys' slots.</returns>
    public static bool TryParse(string? text, ClusterId cluster, WatchFilter filter, out List<SlotPlace> places)
    {
        ArgumentNullException.ThrowIfNull(filter);
        places = [];
        if (text is null || text.Length is 0 or > MaxChars || !Base64Url.IsValid(text)) return false;
        byte[] bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length < 4 || Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4))) return false;
        var reader = new ByteReader(bytes.AsSpan(0, bytes.Length - 4));
        return reader.ReadByte() == Format && reader.ReadUInt32() == Mark(cluster) && CursorShape.TryRead(ref reader, places)
            && places[0].First == filter.FirstSlot && places[^1].Last == filter.LastSlot;
    }

    internal static void WriteHead(ByteWriter writer, ClusterId cluster)
    {
        writer.WriteByte(Format);
        writer.WriteUInt32(Mark(cluster));
    }

    internal static string Seal(ByteWriter writer)
    {
        writer.WriteUInt32(Crc32C.Compute(writer.Written));
        return Base64Url.EncodeToString(writer.Written);
    }

    private static uint Mark(ClusterId cluster) => (uint)(cluster.Value ^ (cluster.Value >> 32));
}
