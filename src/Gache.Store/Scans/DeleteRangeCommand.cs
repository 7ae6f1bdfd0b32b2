using Gache.Primitives;

namespace Gache.Store;

/// <summary>Deletes the next keys with a prefix: a slice, at one index. So a deletion of many is a few small entries, each exact in the state at its own.</summary>
/// <param name="Prefix">What the keys begin with: 1 to <see cref="StoreLimits.MaxKeyBytes"/>.</param>
/// <param name="From">Where to go on.</param>
/// <param name="LastSlot">The last slot that is wanted.</param>
/// <param name="MaxKeys">At most so many are deleted: 1 to <see cref="MaxKeysOfSlice"/>.</param>
/// <param name="MaxSlots">At most so many slots that have keys are looked into: 1 to <see cref="ScanQuery.MaxSlotsOfPage"/>.</param>
public sealed record DeleteRangeCommand(ReadOnlyMemory<byte> Prefix, ScanPosition From, int LastSlot, int MaxKeys, int MaxSlots)
{
    /// <summary>The most keys of a slice: about a millisecond of work.</summary>
    public const int MaxKeysOfSlice = 1_000;

    /// <summary>Encodes the command; its time is 0 until it is stamped.</summary>
    public byte[] Encode()
    {
        var writer = new ByteWriter(128);
        Command.WriteHead(writer, CommandKind.DeleteRange);
        From.WriteTo(writer);
        writer.WriteUInt16((ushort)LastSlot);
        writer.WriteUInt16((ushort)MaxKeys);
        writer.WriteUInt16((ushort)MaxSlots);
        writer.WriteBytes(Prefix.Span);
        return writer.Written.ToArray();
    }

    /// <summary>Reads the body of an encoded command; null if it cannot be one.</summary>
    internal static DeleteRangeCommand? Parse(ReadOnlySpan<byte> body)
    {
        var reader = new ByteReader(body);
        if (!ScanPosition.TryReadFrom(ref reader, out ScanPosition from)) return null;
        int lastSlot = reader.ReadUInt16();
        int maxKeys = reader.ReadUInt16();
        int maxSlots = reader.ReadUInt16();
        byte[] prefix = reader.ReadBytes(reader.Remaining).ToArray();
        bool isGood = reader.IsValid && !from.IsEnd && lastSlot >= from.Slot && lastSlot < Slot.Count
            && maxKeys is > 0 and <= MaxKeysOfSlice && maxSlots is > 0 and <= ScanQuery.MaxSlotsOfPage && prefix.Length is > 0 and <= StoreLimits.MaxKeyBytes;
        return isGood ? new DeleteRangeCommand(prefix, from, lastSlot, maxKeys, maxSlots) : null;
    }

    /// <summary>Reads where a slice ended from the answer to the command.</summary>
    /// <returns>Null if the bytes are none.</returns>
    public static (ScanEnd End, ScanPosition Next)? ParseAnswer(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        var end = (ScanEnd)reader.ReadByte();
        bool isGood = ScanPosition.TryReadFrom(ref reader, out ScanPosition next) && reader.Remaining == 0 && end <= ScanEnd.NotServed;
        return isGood ? (end, next) : null;
    }

    internal static byte[] EncodeAnswer(ScanEnd end, ScanPosition next)
    {
        var writer = new ByteWriter(64);
        writer.WriteByte((byte)end);
        next.WriteTo(writer);
        return writer.Written.ToArray();
    }
}
