using Gache.Primitives;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>What a slot's target answers its source.</summary>
internal enum MoveAnswer : byte
{
    /// <summary>Nothing that can be read.</summary>
    None,

    /// <summary>Committed in the target's log.</summary>
    Done,

    /// <summary>The target owns the slot at this epoch, or did and went on from there.</summary>
    Owned,

    /// <summary>Not now: it does not lead its shard, or has no room; ask again.</summary>
    Later,

    /// <summary>The stream is broken, or what was imported is not what was handed over: begin anew with a higher stream.</summary>
    BeginAnew,

    /// <summary>The target owns the slot, and was recovered since the epoch that is asked for: it may never have had what the source handed over.</summary>
    OwnedByRecovery,
}

/// <summary>The calls of a move: the target shard's id, then the command that the target is to commit.</summary>
internal static class MoveWire
{
    public static byte[] Encode(ShardId target, ReadOnlySpan<byte> command)
    {
        byte[] body = GC.AllocateUninitializedArray<byte>(ShardId.Size + command.Length);
        var writer = new ByteWriter(ShardId.Size);
        writer.WriteUInt128(target.Value);
        writer.Written.CopyTo(body);
        command.CopyTo(body.AsSpan(ShardId.Size));
        return body;
    }

    /// <summary>Reads a call.</summary>
    /// <returns>False if it is no command that belongs to this kind of call.</returns>
    public static bool TryParse(CallKind kind, ReadOnlySpan<byte> body, out ShardId target, out SlotCommand command)
    {
        var reader = new ByteReader(body);
        target = new ShardId(reader.ReadUInt128());
        command = default;
        return reader.IsValid && SlotCommand.TryParse(body[ShardId.Size..], out command) && command.Kind == CommandOf(kind);
    }

    public static MoveAnswer AnswerOf(in CallResult result) =>
        result is { Outcome: CallOutcome.Answered, Body.Length: 1 } && result.Body.Span[0] <= (byte)MoveAnswer.OwnedByRecovery
            ? (MoveAnswer)result.Body.Span[0]
            : MoveAnswer.None;

    private static CommandKind CommandOf(CallKind kind) => kind switch
    {
        CallKind.ImportBegin => CommandKind.BeginImport,
        CallKind.ImportChunk => CommandKind.Import,
        CallKind.ImportOwn => CommandKind.TakeOver,
        CallKind.ImportDrop => CommandKind.DropImport,
        _ => 0,
    };
}
