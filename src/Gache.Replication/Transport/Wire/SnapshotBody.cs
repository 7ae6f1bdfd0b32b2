using Gache.Primitives;

namespace Gache.Replication.Transport.Wire;

/// <summary>The bodies of <see cref="SnapshotChunk"/> and <see cref="SnapshotChunkAnswer"/>.</summary>
internal static class SnapshotBody
{
    /// <summary>The length of an answer's body.</summary>
    public const int AnswerSize = 8 + 8 + 8 + 1;

    private const int ChunkHeadLength = 5 * 8 + sizeof(uint);

    public static long SizeOf(SnapshotChunk chunk)
    {
        Invariant.Holds(IsWithinBounds(chunk.Offset, chunk.TotalLength, chunk.Bytes.Length),
            $"a snapshot chunk of {chunk.Bytes.Length} bytes at {chunk.Offset} of {chunk.TotalLength}");
        return ChunkHeadLength + chunk.Bytes.Length;
    }

    public static void Write(ByteWriter writer, SnapshotChunk chunk)
    {
        writer.WriteUInt64(chunk.Term);
        writer.WriteUInt64(chunk.SnapshotIndex);
        writer.WriteUInt64(chunk.SnapshotTerm);
        writer.WriteUInt64((ulong)chunk.Offset);
        writer.WriteUInt64((ulong)chunk.TotalLength);
        writer.WriteBlob(chunk.Bytes.Span);
    }

    public static bool TryRead(ref ByteReader reader, NodeId from, NodeId to, out PeerMessage? chunk)
    {
        chunk = null;
        ulong term = reader.ReadUInt64();
        ulong index = reader.ReadUInt64();
        ulong snapshotTerm = reader.ReadUInt64();
        long offset = (long)reader.ReadUInt64();
        long totalLength = (long)reader.ReadUInt64();
        ReadOnlySpan<byte> bytes = reader.ReadBlob();
        if (!reader.IsValid || !IsWithinBounds(offset, totalLength, bytes.Length)) return false;
        chunk = new SnapshotChunk
        {
            To = to,
            From = from,
            Term = term,
            SnapshotIndex = index,
            SnapshotTerm = snapshotTerm,
            Offset = offset,
            TotalLength = totalLength,
            Bytes = bytes.ToArray(),
        };
        return true;
    }

    public static void Write(ByteWriter writer, SnapshotChunkAnswer answer)
    {
        writer.WriteUInt64(answer.Term);
        writer.WriteUInt64(answer.SnapshotIndex);
        writer.WriteUInt64((ulong)answer.NextOffset);
        writer.WriteBoolean(answer.IsRefused);
    }

    public static bool TryReadAnswer(ref ByteReader reader, NodeId from, NodeId to, out PeerMessage? answer)
    {
        var read = new SnapshotChunkAnswer
        {
            To = to,
            From = from,
            Term = reader.ReadUInt64(),
            SnapshotIndex = reader.ReadUInt64(),
            NextOffset = (long)reader.ReadUInt64(),
            IsRefused = reader.ReadBoolean(),
        };
        answer = read;
        return reader.IsValid && read.NextOffset >= 0;
    }

    private static bool IsWithinBounds(long offset, long totalLength, int count) =>
        count <= SnapshotChunk.MaxBytes && offset >= 0 && offset <= totalLength && count <= totalLength - offset;
}
