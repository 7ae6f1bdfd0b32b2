using Gache.Primitives;

namespace Gache.Store;

/// <summary>Which slots are this shard's, and how they come and go (design: Moving slots, Founding).</summary>
public sealed partial class KeyValueStore
{
    /// <summary>The most imports at a time.</summary>
    public const int MaxImports = 1_024;

    private readonly SlotOwnership ownership = new();
    private readonly SlotGrants grants = new();
    private SlotExport?[] exports = [];
    private int importing;

    /// <summary>Rises whenever a slot's state changes; any thread may read it.</summary>
    public long SlotsVersion => ownership.Version;

    /// <summary>Told of each change of a slot that an applied entry makes, before it stands: slot, state before, state after; for those who watch every step.</summary>
    internal Action<int, SlotState, SlotState>? SlotChanging
    {
        set => ownership.Changing = value;
    }

    /// <summary>Whether this shard founded its cluster, and so grants slots to new shards.</summary>
    public bool IsFounding => grants.IsFounding;

    /// <summary>Whether only what was granted before is granted again: a recovered shard may have forgotten a grant.</summary>
    public bool AreGrantsClosed => grants.IsClosed;

    /// <summary>What was granted to which other shard when it was founded.</summary>
    public IReadOnlyDictionary<ShardId, SlotSet> Granted => grants.Granted;

    /// <summary>The slots that a move concerns at the moment.</summary>
    public IEnumerable<int> MovingSlots => ownership.Moving;

    /// <summary>What a slot is to this shard.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public SlotState SlotAt(int slot) => ownership[slot];

    /// <summary>Whether keys of a slot are read and written here. Any thread may ask; only in the store's owner is the answer exact.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public bool IsServed(int slot) => ownership.IsServed(slot);

    /// <summary>A slot's phase. Any thread may ask; only in the store's owner is the answer exact.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public SlotPhase PhaseOf(int slot) => ownership.PhaseOf(slot);

    /// <summary>All slots that are served.</summary>
    public SlotSet ServedSlots() => ownership.Served();

    /// <summary>Who holds one of the slots that another shard asks for; none if they are free.</summary>
    /// <param name="wanted">The slots.</param>
    /// <param name="asking">The shard that asks.</param>
    /// <param name="self">This shard.</param>
    public ShardId HolderOf(SlotSet wanted, ShardId asking, ShardId self) => grants.HolderOf(wanted, asking, self);

    /// <summary>Begins to read a slot out while it goes on changing.</summary>
    /// <returns>The export; dispose it in the store's owner.</returns>
    public SlotExport BeginExport(int slot)
    {
        if (exports.Length == 0) exports = new SlotExport?[Slot.Count];
        exports[slot]?.Fail();
        return exports[slot] = new SlotExport(this, table, slot);
    }

    internal void End(SlotExport export)
    {
        export.Fail();
        if (exports.Length > 0 && exports[export.SlotNumber] == export) exports[export.SlotNumber] = null;
    }

    private void FailExports()
    {
        foreach (SlotExport? export in exports) export?.Fail();
        exports = [];
    }

    private void NoteChange(int tree, ReadOnlySpan<byte> key)
    {
        if (exports.Length > 0) exports[tree % Slot.Count]?.Changed(tree, key);
    }

    private bool ApplySlots(in CommandView view)
    {
        switch (view.Kind)
        {
            case CommandKind.Recover:
                Recover(RecoverCommand.Parse(view.Value));
                return true;

            case CommandKind.Found or CommandKind.Grant or CommandKind.Leave:
                SlotsCommand? many = SlotsCommand.Parse(view.Kind, view.Value);
                Invariant.Holds(many is not null, $"entry {AppliedIndex} is no command on slots");
                return view.Kind switch
                {
                    CommandKind.Found => Found(many),
                    CommandKind.Grant => grants.TryGrant(many.Shard, many.Slots),
                    _ => Leave(many),
                };

            default:
                bool isOne = SlotCommand.TryParse(view.Kind, view.Value, out SlotCommand one, out ReadOnlySpan<byte> records);
                Invariant.Holds(isOne, $"entry {AppliedIndex} is no command on a slot");
                bool isApplied = ApplySlot(one, records);
                Schedule(one.Slot);
                return isApplied;
        }
    }

    private bool ApplySlot(in SlotCommand command, ReadOnlySpan<byte> records)
    {
        SlotState now = ownership[command.Slot];
        switch (command.Kind)
        {
            // At the source.
            case CommandKind.Hand when now.Phase == SlotPhase.Leaving && now.Epoch == command.Epoch && now.Transfer.Peer == command.Peer:
                ownership[command.Slot] = new SlotState(SlotPhase.Handed, command.Epoch + 1, now.Transfer);
                if (HasTimes(command.Slot)) clocks.Stop(command.Slot, time.Applied);
                return true;
            case CommandKind.Keep when now.Phase == SlotPhase.Leaving && now.Epoch == command.Epoch:
                // The epoch that the target may have begun to import at is passed over: it can never own that one.
                ownership[command.Slot] = new SlotState(SlotPhase.Keeping, command.Epoch + (Planted.Is(PlantedFault.KeptWithoutNewEpoch) ? 0ul : 2), now.Transfer);
                return true;
            case CommandKind.EndKeep when now.Phase == SlotPhase.Keeping && now.Epoch == command.Epoch:
                ownership[command.Slot] = new SlotState(SlotPhase.Owned, now.Epoch, default);
                return true;
            case CommandKind.Release:
                return Release(command, now);

            // At the target.
            case CommandKind.BeginImport:
                return BeginImport(command, now);
            case CommandKind.Import when IsStream(command, now):
                return Import(command, now, records);
            case CommandKind.TakeOver when IsStream(command, now) && IsHandedState(command, now):
                // So a key's revision rises across the move as well.
                Revision = Math.Max(Revision, command.Number);
                importing--;
                ownership[command.Slot] = new SlotState(SlotPhase.Owned, command.Epoch, default);
                if (HasTimes(command.Slot)) clocks.Start(command.Slot, command.SlotTime, time.Applied);
                return true;
            case CommandKind.DropImport when now.Epoch < command.Epoch:
                return DropImport(command, now);
            default:
                return false;
        }
    }

    private static bool IsStream(in SlotCommand command, in SlotState now) =>
        now.Phase == SlotPhase.Importing && now.Epoch == command.Epoch && now.Transfer.Peer == command.Peer
        && (now.Transfer.Stream == command.Stream || (IsOlderStream(command, now) && Planted.Is(PlantedFault.OlderStreamTakesOver)));

    private bool IsHandedState(in SlotCommand command, in SlotState now) => table.ChecksumOf(command.Slot) == command.Checksum
        || Planted.Is(PlantedFault.TakenWithoutChecksum) || (IsOlderStream(command, now) && Planted.Is(PlantedFault.OlderStreamTakesOver));

    private static bool IsOlderStream(in SlotCommand command, in SlotState now) => command.Kind == CommandKind.TakeOver && command.Stream < now.Transfer.Stream;

    private bool Found(SlotsCommand command)
    {
        if (!grants.IsUntold || KeyCount > 0 || IdempotencyCount > 0) return false;
        ownership.Found(command.Slots);
        grants.Found(command.Slots, command.IsFounding);
        return true;
    }

    private bool Leave(SlotsCommand command)
    {
        bool any = false;
        foreach ((int first, int last) in command.Slots.Ranges)
        {
            for (int slot = first; slot <= last; slot++)
            {
                if (ownership[slot] is not { Phase: SlotPhase.Owned } now) continue;
                ownership[slot] = new SlotState(SlotPhase.Leaving, now.Epoch, new SlotTransfer(command.Shard));
                any = true;
            }
        }

        return any;
    }

    private bool BeginImport(in SlotCommand command, in SlotState now)
    {
        bool isNew = now.Phase is SlotPhase.None or SlotPhase.Dropped && now.Epoch < command.Epoch;
        bool isLater = now.Phase == SlotPhase.Importing
            && (now.Epoch < command.Epoch || (now.Epoch == command.Epoch && now.Transfer.Peer == command.Peer && now.Transfer.Stream < command.Stream));
        if (!isNew && !isLater) return false;
        if (table.RecordCountOf(command.Slot) > 0) return false; // emptied in slices first: Release
        if (isNew && importing >= MaxImports) return false;
        if (isNew) importing++;
        ownership[command.Slot] = new SlotState(SlotPhase.Importing, command.Epoch, new SlotTransfer(command.Peer, command.Stream));
        return true;
    }

    private bool Import(in SlotCommand command, in SlotState now, ReadOnlySpan<byte> records)
    {
        if (command.Number < now.Transfer.NextChunk) return now.Transfer.NextChunk != SlotTransfer.NoMoreChunks; // sent again
        if (command.Number > now.Transfer.NextChunk) return false;
        for (ReadOnlySpan<byte> rest = records; !rest.IsEmpty;)
        {
            if (!MovedRecords.TryTake(ref rest, command.Slot, out _)) return false; // all or nothing
        }

        while (!records.IsEmpty && MovedRecords.TryTake(ref records, command.Slot, out MovedRecord record))
        {
            int tree = record.IsIdempotency ? Trees.IdempotencyOf(command.Slot) : command.Slot;
            if (record.IsRemoved) table.Remove(tree, record.Key);
            else table.Set(tree, record.Key, record.Revision, record.Value, record.Due);
            // A snapshot's records are never of a later revision than its head.
            Revision = Math.Max(Revision, record.Revision);
        }

        ownership[command.Slot] = now with { Transfer = now.Transfer with { NextChunk = command.Number + 1 } };
        return true;
    }

    /// <summary>The source keeps the slot at this epoch: what was or may yet be begun at an earlier one is passed over.</summary>
    private bool DropImport(in SlotCommand command, in SlotState now)
    {
        switch (now.Phase)
        {
            case SlotPhase.None or SlotPhase.Dropped: // nothing came yet, and what is late is refused
                ownership[command.Slot] = new SlotState(SlotPhase.Dropped, command.Epoch, default);
                return true;
            case SlotPhase.Importing or SlotPhase.Cleaning:
                if (now.Phase == SlotPhase.Importing) importing--;
                ownership[command.Slot] = new SlotState(SlotPhase.Cleaning, command.Epoch, SlotTransfer.OfDropped(command.Peer));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Deletes a slice of what is not ours (any more). The first slice says that the target has confirmed, and the rest may go.</summary>
    private bool Release(in SlotCommand command, SlotState now)
    {
        if (now.Phase == SlotPhase.Owned && now.Epoch > command.Epoch && Planted.Is(PlantedFault.LateReleaseErases)) now = new SlotState(SlotPhase.Cleaning, command.Epoch, now.Transfer);
        if (now.Epoch != command.Epoch) return false;
        switch (now.Phase)
        {
            case SlotPhase.Handed or SlotPhase.Cleaning:
                table.RemoveFirst(command.Slot, (int)command.Number);
                bool isEmpty = table.RecordCountOf(command.Slot) == 0;
                if (isEmpty) clocks.Forget(command.Slot);
                bool isDropped = now.Phase == SlotPhase.Cleaning && now.Transfer.IsDropped;
                ownership[command.Slot] = isEmpty
                    ? new SlotState(isDropped ? SlotPhase.Dropped : SlotPhase.None, now.Epoch, default)
                    : new SlotState(SlotPhase.Cleaning, now.Epoch, isDropped ? now.Transfer : new SlotTransfer(now.Transfer.Peer));
                return true;
            case SlotPhase.Importing when now.Transfer.Stream == command.Stream:
                table.RemoveFirst(command.Slot, (int)command.Number);
                ownership[command.Slot] = now with { Transfer = now.Transfer with { NextChunk = SlotTransfer.NoMoreChunks } };
                return true;
            default:
                return false;
        }
    }

    private void Recover(in RecoveryRaise raise)
    {
        Revision += raise.Revisions;
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            if (!ownership.IsServed(slot)) continue;
            ownership[slot] = new SlotState(SlotPhase.Owned, ownership[slot].Epoch + raise.Epochs, default);
        }

        if (grants.IsUntold) grants.Found(grants.Own, grants.IsFounding);
        grants.Close();
    }

    private ReadOnlyMemory<byte> EncodeSlots()
    {
        if (ownership.Checksum == 0 && grants.IsUntold) return default;
        var writer = new ByteWriter(4_096);
        grants.WriteTo(writer);
        ownership.WriteTo(writer);
        if (!clocks.AreUntouched) clocks.WriteTo(writer);
        return writer.WrittenMemory;
    }

    private void RestoreSlots(ReadOnlyMemory<byte> encoded)
    {
        ResetSlots();
        if (encoded.IsEmpty) return;
        var reader = new ByteReader(encoded.Span);
        bool isRead = grants.TryReadFrom(ref reader) && ownership.TryReadFrom(ref reader)
            && (reader.Remaining == 0 || clocks.TryReadFrom(ref reader));
        if (!isRead || reader.Remaining > 0)
            throw new SnapshotDamagedException("what the snapshot says of slots cannot be read");
        importing = ownership.Moving.Count(slot => ownership.PhaseOf(slot) == SlotPhase.Importing);
    }

    private void ResetSlots()
    {
        FailExports();
        ownership.Reset();
        grants.Reset();
        importing = 0;
        clocks.Reset();
        due.Clear();
    }
}
