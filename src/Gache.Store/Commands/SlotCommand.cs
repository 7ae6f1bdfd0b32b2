using Gache.Primitives;

namespace Gache.Store;

/// <summary>A command on one slot's ownership. Each names the epoch that it acts on, and apply refuses it if the slot's is another.</summary>
/// <param name="Kind">One of <see cref="CommandKind.BeginImport"/> to <see cref="CommandKind.Release"/>.</param>
/// <param name="Slot">0 to 16,383.</param>
/// <param name="Epoch">The epoch of the source's ownership for Hand and Keep; of the new ownership for all others.</param>
/// <param name="Peer">The other shard.</param>
/// <param name="Stream">The stream's number: attempts of one source rise.</param>
/// <param name="Number">Import: the chunk's number from 0; Release: at most how many records; TakeOver: the source's revision counter.</param>
/// <param name="Checksum">TakeOver: the slot's checksum at the source; BeginImport, Import: <see cref="Handed"/> if the source has handed the slot over, else 0.</param>
/// <param name="SlotTime">TakeOver: the slot's time when it was handed over, in milliseconds; it is encoded only where it is not 0.</param>
public readonly record struct SlotCommand(
    CommandKind Kind, int Slot, ulong Epoch, ShardId Peer = default, ulong Stream = 0, ulong Number = 0, UInt128 Checksum = default, ulong SlotTime = 0)
{
    private const int ChecksumOffset = 2 + 8 + 16 + 8 + 8;
    private const int BodyBytes = ChecksumOffset + 16;

    /// <summary>Says in an import, and where it begins, that the slot is handed over.</summary>
    public static readonly UInt128 Handed = 1;

    /// <summary>Encodes the command; records follow only in an import.</summary>
    public byte[] Encode(ReadOnlySpan<byte> records = default)
    {
        var writer = new ByteWriter(Command.HeadBytes + BodyBytes + records.Length);
        Command.WriteHead(writer, Kind);
        writer.WriteUInt16((ushort)Slot);
        writer.WriteUInt64(Epoch);
        writer.WriteUInt128(Peer.Value);
        writer.WriteUInt64(Stream);
        writer.WriteUInt64(Number);
        writer.WriteUInt128(Checksum);
        if (SlotTime != 0) writer.WriteUInt64(SlotTime);
        writer.WriteBytes(records);
        return writer.Written.ToArray();
    }

    /// <summary>Reads an encoded command that came from another shard.</summary>
    /// <returns>False if it is none on one slot.</returns>
    public static bool TryParse(ReadOnlySpan<byte> encoded, out SlotCommand command)
    {
        command = default;
        if (encoded.Length < Gache.Store.Command.HeadBytes || encoded[1] != Gache.Store.Command.Format) return false;
        var kind = (CommandKind)encoded[0];
        if (kind is < CommandKind.BeginImport or > CommandKind.Release) return false;
        return TryParse(kind, encoded[Gache.Store.Command.HeadBytes..], out command, out ReadOnlySpan<byte> records) && AreRecords(records, command.Slot);
    }

    /// <summary>Whether an encoded import says that its slot is handed over.</summary>
    internal static bool IsOfHanded(ReadOnlySpan<byte> encoded) =>
        encoded.Length >= Gache.Store.Command.HeadBytes + BodyBytes && encoded.Slice(Gache.Store.Command.HeadBytes + ChecksumOffset, 16).ContainsAnyExcept((byte)0);

    private static bool AreRecords(ReadOnlySpan<byte> records, int slot)
    {
        while (!records.IsEmpty)
        {
            if (!MovedRecords.TryTake(ref records, slot, out _)) return false;
        }

        return true;
    }

    /// <summary>Reads the body of an encoded command.</summary>
    internal static bool TryParse(CommandKind kind, ReadOnlySpan<byte> body, out SlotCommand command, out ReadOnlySpan<byte> records)
    {
        var reader = new ByteReader(body);
        command = new SlotCommand(
            kind, reader.ReadUInt16(), reader.ReadUInt64(), new ShardId(reader.ReadUInt128()), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt128());
        bool hasTime = kind == CommandKind.TakeOver && reader.Remaining == sizeof(ulong);
        if (hasTime) command = command with { SlotTime = reader.ReadUInt64() };
        records = reader.IsValid && !hasTime ? body[BodyBytes..] : default;
        return reader.IsValid && command.Slot < Gache.Store.Slot.Count && (records.IsEmpty || kind == CommandKind.Import);
    }
}
