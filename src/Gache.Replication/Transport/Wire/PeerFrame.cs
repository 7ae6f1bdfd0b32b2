using Gache.Primitives;

namespace Gache.Replication.Transport.Wire;

/// <summary>What stands at the beginning of received bytes.</summary>
internal enum FrameRead
{
    /// <summary>Not yet a whole frame.</summary>
    Incomplete,

    /// <summary>A frame with a message.</summary>
    Message,

    /// <summary>A frame that only says "still here".</summary>
    KeepAlive,

    /// <summary>Not a frame: nothing after it can be believed, so the connection must end.</summary>
    Bad,
}

/// <summary>One message on a connection between peers: length of the body (4), type (1), CRC-32C over both and the body (4), body.</summary>
/// <remarks>
/// Sender and receiver stand in the connection's preamble and are not repeated, so that no frame can claim to be another's. Every length and
/// count is checked before anything is allocated for it.
/// </remarks>
internal static class PeerFrame
{
    /// <summary>The bytes before the body.</summary>
    public const int HeaderLength = 9;

    /// <summary>The longest frame, header included: 16 MiB.</summary>
    public const int MaxLength = 16 * 1024 * 1024;

    private const int CrcPosition = 5;

    private enum FrameType : byte
    {
        KeepAlive = 0,
        Core = 1,
        SnapshotChunk = 2,
        SnapshotChunkAnswer = 3,
        LostDataNotice = 4,
    }

    /// <summary>The bytes that <see cref="Write"/> will write for this message.</summary>
    /// <exception cref="InvariantBrokenException">The message breaks a bound; the receiver would end the connection.</exception>
    public static int SizeOf(PeerMessage message)
    {
        long size = HeaderLength + message switch
        {
            CoreMessage core => CoreMessageBody.SizeOf(core),
            SnapshotChunk chunk => SnapshotBody.SizeOf(chunk),
            SnapshotChunkAnswer => SnapshotBody.AnswerSize,
            LostDataNotice notice => LostDataNoticeBody.SizeOf(notice),
            _ => throw new InvariantBrokenException($"{message.GetType()} has no frame"),
        };
        Invariant.Holds(size <= MaxLength, $"a frame of {size} bytes would exceed {MaxLength}");
        return (int)size;
    }

    /// <summary>Appends a message's frame.</summary>
    public static void Write(ByteWriter writer, PeerMessage message)
    {
        int start = writer.Length;
        switch (message)
        {
            case CoreMessage core:
                Begin(writer, FrameType.Core);
                CoreMessageBody.Write(writer, core);
                break;
            case SnapshotChunk chunk:
                Begin(writer, FrameType.SnapshotChunk);
                SnapshotBody.Write(writer, chunk);
                break;
            case SnapshotChunkAnswer answer:
                Begin(writer, FrameType.SnapshotChunkAnswer);
                SnapshotBody.Write(writer, answer);
                break;
            case LostDataNotice notice:
                Begin(writer, FrameType.LostDataNotice);
                LostDataNoticeBody.Write(writer, notice);
                break;
            default:
                throw new InvariantBrokenException($"{message.GetType()} has no frame");
        }

        End(writer, start);
    }

    /// <summary>Appends a frame that only says "still here".</summary>
    public static void WriteKeepAlive(ByteWriter writer)
    {
        int start = writer.Length;
        Begin(writer, FrameType.KeepAlive);
        End(writer, start);
    }

    /// <summary>Reads the frame at the beginning of <paramref name="received"/>.</summary>
    /// <param name="received">What has arrived and is not consumed yet.</param>
    /// <param name="from">Who sent it, by the connection's preamble.</param>
    /// <param name="to">Who receives it.</param>
    /// <param name="length">The frame's length, once its header is there; else 0.</param>
    /// <param name="message">The message; null unless <see cref="FrameRead.Message"/>.</param>
    /// <param name="fault">Why it is bad, in words; null unless <see cref="FrameRead.Bad"/>.</param>
    public static FrameRead Read(
        ReadOnlySpan<byte> received, NodeId from, NodeId to, out int length, out PeerMessage? message, out string? fault)
    {
        length = 0;
        message = null;
        fault = null;
        if (received.Length < HeaderLength) return FrameRead.Incomplete;

        var header = new ByteReader(received);
        uint bodyLength = header.ReadUInt32();
        byte type = header.ReadByte();
        uint crc = header.ReadUInt32();
        if (bodyLength > MaxLength - HeaderLength)
        {
            fault = $"a frame claims {bodyLength} bytes, at most {MaxLength - HeaderLength} are allowed";
            return FrameRead.Bad;
        }

        if (type > (byte)FrameType.LostDataNotice)
        {
            fault = $"a frame has the unknown type {type}";
            return FrameRead.Bad;
        }

        length = HeaderLength + (int)bodyLength;
        if (received.Length < length) return FrameRead.Incomplete;

        ReadOnlySpan<byte> body = received[HeaderLength..length];
        if (Crc32C.Compute(body, Crc32C.Compute(received[..CrcPosition])) != crc)
        {
            fault = $"the checksum of a frame of {length} bytes does not match";
            return FrameRead.Bad;
        }

        var reader = new ByteReader(body);
        bool isWhole = true;
        switch ((FrameType)type)
        {
            case FrameType.KeepAlive: break;
            case FrameType.Core: isWhole = CoreMessageBody.TryRead(ref reader, from, to, out message); break;
            case FrameType.SnapshotChunk: isWhole = SnapshotBody.TryRead(ref reader, from, to, out message); break;
            case FrameType.SnapshotChunkAnswer: isWhole = SnapshotBody.TryReadAnswer(ref reader, from, to, out message); break;
            case FrameType.LostDataNotice: isWhole = LostDataNoticeBody.TryRead(ref reader, from, to, out message); break;
        }

        if (isWhole && reader.IsValid && reader.Remaining == 0) return message is null ? FrameRead.KeepAlive : FrameRead.Message;
        message = null;
        fault = $"the fields of a {(FrameType)type} frame of {length} bytes make no sense";
        return FrameRead.Bad;
    }

    private static void Begin(ByteWriter writer, FrameType type)
    {
        writer.WriteUInt32(0);
        writer.WriteByte((byte)type);
        writer.WriteUInt32(0);
    }

    private static void End(ByteWriter writer, int start)
    {
        writer.PatchUInt32(start, (uint)(writer.Length - start - HeaderLength));
        ReadOnlySpan<byte> frame = writer.Written[start..];
        uint crc = Crc32C.Compute(frame[HeaderLength..], Crc32C.Compute(frame[..CrcPosition]));
        writer.PatchUInt32(start + CrcPosition, crc);
    }
}
