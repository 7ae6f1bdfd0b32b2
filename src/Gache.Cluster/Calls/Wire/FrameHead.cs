using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Cluster.Calls.Wire;

/// <summary>What a frame is.</summary>
internal enum FrameType : byte
{
    /// <summary>From the dialler.</summary>
    Request = 1,

    /// <summary>From the acceptor: the request of that id was carried out, and this is its answer.</summary>
    Answer = 2,

    /// <summary>From the acceptor: the request of that id was not carried out; the body says why.</summary>
    Refusal = 3,

    /// <summary>From the acceptor: it is about to stop; send no more requests on this connection.</summary>
    Goodbye = 4,

    /// <summary>From the dialler: nobody waits for the answer to the request of that id any more. Sent of calls that wait long alone.</summary>
    Cancel = 5,
}

/// <summary>
/// What stands before a frame's body: its length (4), type (1), kind (1), request id (8), timeout in milliseconds (4), CRC-32C (4).
/// </summary>
/// <remarks>
/// The checksum runs over the body and then the head, so that a caller's body is summed when it is handed over, before its id is known:
/// bytes that change while they wait are found by the receiver. Request ids rise on a connection, so a repeated frame is no frame.
/// </remarks>
internal readonly record struct FrameHead(FrameType Type, CallKind Kind, ulong RequestId, uint TimeoutMilliseconds, int BodyLength, uint Crc)
{
    /// <summary>The bytes before the body.</summary>
    public const int Length = SummedLength + sizeof(uint);

    /// <summary>In place of the timeout, which a refusal has none of: the receiver had no room, and may have it later.</summary>
    public const uint NoRoom = 1;

    private const int SummedLength = 4 + 1 + 1 + 8 + 4;

    /// <summary>True for a refusal of which <see cref="NoRoom"/> is the reason.</summary>
    public bool IsForNoRoom => Type == FrameType.Refusal && TimeoutMilliseconds == NoRoom;

    /// <summary>The checksum of a body, as <see cref="Write"/> wants it.</summary>
    public static uint SumOf(ReadOnlySpan<byte> body) => Crc32C.Compute(body);

    /// <summary>Writes a head, without <see cref="Crc"/>, which follows from it and the body's sum.</summary>
    public void Write(Span<byte> target, uint bodySum)
    {
        Invariant.Holds((uint)BodyLength <= CallLimits.MaxBodyBytes, $"a body of {BodyLength} bytes; at most {CallLimits.MaxBodyBytes} are allowed");
        BinaryPrimitives.WriteInt32LittleEndian(target, BodyLength);
        target[4] = (byte)Type;
        target[5] = (byte)Kind;
        BinaryPrimitives.WriteUInt64LittleEndian(target[6..], RequestId);
        BinaryPrimitives.WriteUInt32LittleEndian(target[14..], TimeoutMilliseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(target[SummedLength..], Crc32C.Compute(target[..SummedLength], bodySum));
    }

    /// <summary>Reads a head; words if it can be none, whatever its body is.</summary>
    public static string? TryRead(ReadOnlySpan<byte> bytes, out FrameHead head)
    {
        var reader = new ByteReader(bytes);
        uint bodyLength = reader.ReadUInt32();
        byte type = reader.ReadByte();
        head = new FrameHead((FrameType)type, (CallKind)reader.ReadByte(), reader.ReadUInt64(), reader.ReadUInt32(), (int)bodyLength, reader.ReadUInt32());
        if (bodyLength > CallLimits.MaxBodyBytes) return "a frame claims to be longer than 15 MiB";
        if (type is < (byte)FrameType.Request or > (byte)FrameType.Cancel) return "a frame has an unknown type";
        return null;
    }

    /// <summary>True if the checksum is that of this head and a body with this sum.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> headBytes, uint bodySum) =>
        Crc32C.Compute(headBytes[..SummedLength], bodySum) == BinaryPrimitives.ReadUInt32LittleEndian(headBytes[SummedLength..]);
}
