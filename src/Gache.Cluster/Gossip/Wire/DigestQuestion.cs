using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>How an exchange begins: what the caller knows, as two hashes, and the heartbeats, a byte each.</summary>
/// <param name="Header">Who asks.</param>
/// <param name="RosterHash">Over the nodes and generations it tells of.</param>
/// <param name="ContentHash">Over the versions of their records.</param>
/// <param name="SentMs">Its wall clock, milliseconds since 1970; only to guess heartbeats by.</param>
/// <param name="Beats">For each node of the roster its heartbeat (<see cref="Cluster.Beats"/>), or no news.</param>
internal sealed record DigestQuestion(GossipHeader Header, ulong RosterHash, ulong ContentHash, ulong SentMs, ulong[] Beats)
{
    public void Write(ByteWriter writer)
    {
        Header.Write(writer);
        writer.WriteUInt64(RosterHash);
        writer.WriteUInt64(ContentHash);
        writer.WriteVarUInt64(SentMs);
        Columns.Write(Beats, writer);
    }

    public static DigestQuestion? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > GossipLimits.MaxMessageBytes) return null;
        var reader = new ByteReader(bytes);
        if (!GossipHeader.TryRead(ref reader, out GossipHeader header)) return null;
        (ulong roster, ulong content, ulong sentMs) = (reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadVarUInt64());
        return sentMs < GossipLimits.MaxCounter && Columns.TryRead(ref reader) is { } beats
            ? new DigestQuestion(header, roster, content, sentMs, beats) : null;
    }
}
