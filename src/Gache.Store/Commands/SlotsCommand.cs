using Gache.Primitives;

namespace Gache.Store;

/// <summary>A command on many slots at once.</summary>
/// <param name="Kind"><see cref="CommandKind.Found"/>, <see cref="CommandKind.Grant"/> or <see cref="CommandKind.Leave"/>.</param>
/// <param name="Shard">Grant: who is granted; Leave: the target; Found: none.</param>
/// <param name="IsFounding">Found: whether this shard founds the cluster, and so grants slots to the others.</param>
/// <param name="Slots">The slots.</param>
public sealed record SlotsCommand(CommandKind Kind, ShardId Shard, bool IsFounding, SlotSet Slots)
{
    /// <summary>Encodes the command.</summary>
    public byte[] Encode()
    {
        var writer = new ByteWriter();
        Command.WriteHead(writer, Kind);
        writer.WriteUInt128(Shard.Value);
        writer.WriteBoolean(IsFounding);
        Slots.WriteTo(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Reads the body of an encoded command; null if it cannot be one.</summary>
    internal static SlotsCommand? Parse(CommandKind kind, ReadOnlySpan<byte> body)
    {
        var reader = new ByteReader(body);
        var shard = new ShardId(reader.ReadUInt128());
        bool isFounding = reader.ReadBoolean();
        return SlotSet.TryReadFrom(ref reader, out SlotSet slots) && reader.Remaining == 0 ? new SlotsCommand(kind, shard, isFounding, slots) : null;
    }
}
