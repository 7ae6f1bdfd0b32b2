using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

/// <summary>The receiving end of slot moves, at the leader of the target shard. All it decides stands in its shard's log.</summary>
/// <remarks>Any member may be asked: only a leader's proposals are committed, and "owned" is only said of what is.</remarks>
internal sealed class SlotTarget(Func<Replica?> replica, ILogger logger)
{
    private const int RecordsASlice = 512;
    private const int MaxSlices = 65_536; // 32 M records; more is emptied by the next attempt

    /// <summary>Takes a call of a source.</summary>
    public void Handle(CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer) => _ = HandleAsync(kind, body, answer);

    private async Task HandleAsync(CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        MoveAnswer said = MoveAnswer.Later;
        try
        {
            if (!MoveWire.TryParse(kind, body.Span, out ShardId target, out SlotCommand command)) said = MoveAnswer.BeginAnew;
            else if (replica() is { } own && own.Status.Shard == target) said = await CarryOutAsync(own, command, body).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It is loading a snapshot, or has ended: later.
        }
        catch (Exception fault) when (fault is not InvariantBrokenException)
        {
            logger.MoveFault(fault);
        }

        answer(new[] { (byte)said });
    }

    private static Task<MoveAnswer> CarryOutAsync(Replica own, SlotCommand command, ReadOnlyMemory<byte> body) => command.Kind switch
    {
        CommandKind.BeginImport or CommandKind.Import when !own.Status.HasRoomForSlots && command.Checksum != SlotCommand.Handed => Task.FromResult(MoveAnswer.Later),
        CommandKind.BeginImport => BeginAsync(own, command),
        CommandKind.Import => ProposeAsync(own, command, body[ShardId.Size..].ToArray(), otherwise: MoveAnswer.BeginAnew),
        CommandKind.TakeOver => ProposeAsync(own, command, command.Encode(), otherwise: MoveAnswer.BeginAnew),
        _ => ProposeAsync(own, command, command.Encode(), otherwise: MoveAnswer.Done), // said only of what is committed: a late stream is refused from then on
    };

    private static async Task<MoveAnswer> BeginAsync(Replica own, SlotCommand command)
    {
        for (int slice = 0; slice < MaxSlices; slice++)
        {
            (SlotState now, long records) = await own.InspectAsync(store => (store.SlotAt(command.Slot), store.RecordCountOf(command.Slot))).ConfigureAwait(false);
            if (OwnedAnswer(now, command.Epoch) is { } owned) return owned;
            if (now.Phase == SlotPhase.Importing && records > 0)
            {
                // What an earlier stream left goes in slices; whoever still sends it is shut out by the first of them.
                if (now.Epoch > command.Epoch || (now.Epoch == command.Epoch && now.Transfer.Stream >= command.Stream)) return MoveAnswer.BeginAnew;
                var release = new SlotCommand(CommandKind.Release, command.Slot, now.Epoch, default, now.Transfer.Stream, RecordsASlice);
                if (await WriteAsync(own, release.Encode()).ConfigureAwait(false) is not null) return MoveAnswer.Later;
                continue;
            }

            if (records > 0) return MoveAnswer.Later; // being cleaned up from an earlier life
            return await ProposeAsync(own, command, command.Encode(), otherwise: MoveAnswer.BeginAnew).ConfigureAwait(false);
        }

        return MoveAnswer.Later;
    }

    private static async Task<MoveAnswer> ProposeAsync(Replica own, SlotCommand command, byte[] encoded, MoveAnswer otherwise)
    {
        Refusal? refusal = await WriteAsync(own, encoded).ConfigureAwait(false);
        if (refusal is null) return command.Kind == CommandKind.TakeOver ? MoveAnswer.Owned : MoveAnswer.Done;
        if (refusal.Code != RefusalCode.Outdated) return MoveAnswer.Later;
        SlotState now = await own.InspectAsync(store => store.SlotAt(command.Slot)).ConfigureAwait(false);
        return command.Kind == CommandKind.DropImport ? otherwise : OwnedAnswer(now, command.Epoch) ?? otherwise;
    }

    /// <summary>What is said of a slot that is, or was, owned here at the epoch that is asked for or a later one; null of any other.</summary>
    /// <remarks>An epoch is reached here by owning it, or, in phases of their own, by importing it and by a source that kept the slot. Only a recovery
    /// leaps.</remarks>
    private static MoveAnswer? OwnedAnswer(in SlotState now, ulong epoch)
    {
        bool isReached = now.Phase is not (SlotPhase.Importing or SlotPhase.Dropped) && !(now.Phase == SlotPhase.Cleaning && now.Transfer.IsDropped) && now.Epoch >= epoch;
        if (!isReached) return null;
        return now.Epoch - epoch >= RecoveryRaise.LeastEpochs ? MoveAnswer.OwnedByRecovery : MoveAnswer.Owned;
    }

    private static async Task<Refusal?> WriteAsync(Replica own, byte[] command) => (await own.WriteAsync(command).ConfigureAwait(false)).Refusal;
}
