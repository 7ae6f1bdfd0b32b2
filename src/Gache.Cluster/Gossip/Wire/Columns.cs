using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>One number a node, in the order of a roster that both ends have.</summary>
internal static class Columns
{
    public static void Write(ReadOnlySpan<ulong> column, ByteWriter writer)
    {
        writer.WriteVarUInt64((ulong)column.Length);
        foreach (ulong one in column) writer.WriteVarUInt64(one);
    }

    public static ulong[]? TryRead(ref ByteReader reader)
    {
        ulong count = reader.ReadVarUInt64();
        if (count > (ulong)Math.Min(reader.Remaining, GossipLimits.MaxNodes)) return null;
        var column = new ulong[count];
        for (int i = 0; i < column.Length; i++) column[i] = reader.ReadVarUInt64();
        return reader.IsValid ? column : null;
    }
}
