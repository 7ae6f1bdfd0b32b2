using System.Text;
using Gache.Primitives;
using Gache.Raft;

namespace Gache.Replication.Transport.Wire;

/// <summary>The body of a <see cref="LostDataNotice"/>.</summary>
internal static class LostDataNoticeBody
{
    private const byte Removed = 1, ByOperator = 2;

    public static long SizeOf(LostDataNotice notice)
    {
        Invariant.Holds(notice.ApiAddresses.Count <= Configuration.MaxMembers, $"{notice.ApiAddresses.Count} addresses in a notice");
        long size = 8 + 1 + 1;
        foreach (string address in notice.ApiAddresses) size += sizeof(uint) + Encoding.UTF8.GetByteCount(address);
        return size;
    }

    public static void Write(ByteWriter writer, LostDataNotice notice)
    {
        writer.WriteUInt64(notice.Term);
        writer.WriteByte((byte)((notice.IsRemoved ? Removed : 0) | (notice.IsByOperator ? ByOperator : 0)));
        writer.WriteByte((byte)notice.ApiAddresses.Count);
        foreach (string address in notice.ApiAddresses) writer.WriteText(address);
    }

    public static bool TryRead(ref ByteReader reader, NodeId from, NodeId to, out PeerMessage? notice)
    {
        notice = null;
        ulong term = reader.ReadUInt64();
        byte flags = reader.ReadByte();
        int count = reader.ReadByte();
        if (!reader.IsValid || flags > (Removed | ByOperator) || count > Configuration.MaxMembers) return false;
        var addresses = new List<string>(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> text = reader.ReadBlob();
            if (text.Length > Preamble.MaxAddressBytes) return false;
            addresses.Add(Encoding.UTF8.GetString(text));
        }

        notice = new LostDataNotice
        {
            To = to, From = from, Term = term, IsRemoved = (flags & Removed) != 0, IsByOperator = (flags & ByOperator) != 0, ApiAddresses = addresses,
        };
        return true;
    }
}
