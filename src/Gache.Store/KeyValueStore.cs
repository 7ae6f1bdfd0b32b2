using System.Buffers.Binary;
using System.IO.Hashing;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>The replicated state machine: the keys and values of one shard, in memory, changed only by applied entries.</summary>
/// <remarks>
/// One owner at a time calls it; nothing here locks. What apply does depends on the state and the entry alone (P5). Values are native
/// memory: dispose the store to give it back.
/// </remarks>
public sealed partial class KeyValueStore : IDisposable
{
    /// <summary>The feature level of a new shard: set, put, delete, time.</summary>
    public const uint FirstFeatureLevel = 1;

    private readonly NativeLedger ledger = new();
    private readonly SlotTable table;
    private StoreTime time;
    private SnapshotRestore? restore;

    /// <summary>Makes an empty store.</summary>
    public KeyValueStore() => table = new SlotTable(ledger);

    /// <summary>The index of the last entry applied; 0 before the first.</summary>
    public ulong AppliedIndex { get; private set; }

    /// <summary>The shard's revision counter: it rises by one with every change of a key.</summary>
    public ulong Revision { get; private set; }

    /// <summary>The store time of the entries applied, in milliseconds: the same on each replica at the same index.</summary>
    public ulong StoreTimeMilliseconds => time.Applied;

    /// <summary>The latest store time applied or heard (<see cref="RaiseTime"/>), in milliseconds: where a new leader goes on from.</summary>
    public ulong LatestTimeMilliseconds => time.Latest;

    /// <summary>Which behaviour is switched on; replicated.</summary>
    public uint FeatureLevel { get; private set; } = FirstFeatureLevel;

    /// <summary>How many keys there are.</summary>
    public long KeyCount => table.KeyCount;

    /// <summary>What the store takes in memory, in bytes: blocks, large values (also those only a reader still pins), a snapshot's
    /// pre-images, tables.</summary>
    public long Bytes => SlotTable.EmptyBytes + table.Blocks.UsedBytes + table.Dues.UsedBytes + ledger.ValueBytes + (table.Capture?.PreimageBlockBytes ?? 0);

    /// <summary>What keys, values and kept answers take of <see cref="Bytes"/>: about as long is a snapshot of them.</summary>
    public long ContentBytes => table.Blocks.UsedBytes + ledger.ValueBytes;

    /// <summary>The checksum of the whole replicated state: every record, the revision counter, the feature level, and what the log said of slots.</summary>
    public UInt128 Checksum
    {
        get
        {
            Span<byte> state = stackalloc byte[16 + sizeof(ulong) + sizeof(uint) + 16 + 16 + 16];
            BinaryPrimitives.WriteUInt128LittleEndian(state, table.Checksum);
            BinaryPrimitives.WriteUInt64LittleEndian(state[16..], Revision);
            BinaryPrimitives.WriteUInt32LittleEndian(state[24..], FeatureLevel);
            bool isUntold = ownership.Checksum == 0 && grants.IsUntold;
            if (isUntold) return XxHash128.HashToUInt128(state[..28]);
            BinaryPrimitives.WriteUInt128LittleEndian(state[28..], ownership.Checksum);
            BinaryPrimitives.WriteUInt128LittleEndian(state[44..], grants.Checksum);
            if (clocks.AreUntouched) return XxHash128.HashToUInt128(state[..60]);
            BinaryPrimitives.WriteUInt128LittleEndian(state[60..], clocks.Checksum);
            return XxHash128.HashToUInt128(state);
        }
    }

    /// <summary>Native memory that is taken and not given back, in bytes.</summary>
    internal long NativeBytes => ledger.SlabBytes + ledger.ValueBytes;

    /// <summary>The sum of the checksums of a slot's records, of keys and of answers that are kept for repeats.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public UInt128 SlotChecksum(int slot) => table.ChecksumOf(slot);

    /// <summary>How many keys a slot has.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public long KeyCountOf(int slot) => table.KeyCountOf(slot);

    /// <summary>How many records a slot has, of keys and of answers that are kept for repeats.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public long RecordCountOf(int slot) => table.RecordCountOf(slot);

    /// <summary>Applies a committed command.</summary>
    /// <param name="index">The entry's index: the one after <see cref="AppliedIndex"/>.</param>
    /// <param name="command">What <see cref="Command"/> encoded. It is copied.</param>
    /// <exception cref="InvariantBrokenException">The index leaves a gap, or the command is one that no leader proposes.</exception>
    public ApplyResult Apply(ulong index, ReadOnlySpan<byte> command)
    {
        MoveTo(index);
        Invariant.Holds(Command.TryParse(command, out CommandView view), $"entry {index} of {command.Length} bytes is not a command");
        time.Apply(view.StoreTimeMilliseconds);
        if (due.NextAt <= time.Applied) DeleteWhatIsOver(view.Kind == CommandKind.Time ? DeletedByATime : DeletedBesideACommand);

        if (view.Kind.IsOfSlots()) return new ApplyResult(ApplySlots(view) ? ApplyStatus.Done : ApplyStatus.Outdated, Revision, false);
        return view.Kind switch
        {
            CommandKind.Time => new ApplyResult(ApplyStatus.Done, Revision, false),
            CommandKind.Txn => ApplyTxn(view),
            CommandKind.DeleteRange => ApplyDeleteRange(view),
            _ => ApplyToKey(view),
        };
    }

    /// <summary>Passes an entry that is none of the store's (a no-op, a configuration): only the applied index moves.</summary>
    /// <param name="index">The entry's index: the one after <see cref="AppliedIndex"/>.</param>
    public void ApplyNothing(ulong index) => MoveTo(index);

    /// <summary>Reads a key.</summary>
    /// <param name="key">1 to 2,048 bytes.</param>
    /// <param name="value">Valid until the store's next change.</param>
    public bool TryGet(ReadOnlySpan<byte> key, out ValueRef value) => TryGet(Slot.Of(key), key, out value);

    /// <summary>Reads a key whose slot is known.</summary>
    /// <param name="slot">The key's slot.</param>
    /// <param name="key">1 to 2,048 bytes.</param>
    /// <param name="value">Valid until the store's next change.</param>
    public bool TryGet(int slot, ReadOnlySpan<byte> key, out ValueRef value)
    {
        bool isFound = table.Blocks.TryFind(slot, key, out Record record) && !(record.Expires && IsOver(slot, record));
        value = isFound ? new ValueRef(record, ledger) : default;
        return isFound;
    }

    /// <summary>How long a key that expires is still there, in milliseconds; 0 once it is over.</summary>
    /// <param name="slot">The key's slot.</param>
    /// <param name="value">What <see cref="TryGet(int, ReadOnlySpan{byte}, out ValueRef)"/> found.</param>
    /// <param name="nowMilliseconds">The shard's store time.</param>
    public ulong RemainingMilliseconds(int slot, in ValueRef value, ulong nowMilliseconds)
    {
        ulong now = clocks.TimeOf(slot, Math.Max(nowMilliseconds, time.Applied));
        return value.Due > now ? value.Due - now : 0;
    }

    /// <summary>Hears a leader's store time (a heartbeat's). It never goes back, and changes nothing that is replicated.</summary>
    public void RaiseTime(ulong milliseconds) => time.Hear(milliseconds);

    /// <summary>Begins a snapshot of the state as it is now; it does not stop the world.</summary>
    /// <param name="preimageBytesMax">From how many bytes of kept old records on <see cref="SnapshotCapture.IsFull"/> holds.</param>
    /// <returns>The capture; filled or abandoned before the next one begins.</returns>
    public SnapshotCapture BeginSnapshot(long preimageBytesMax = SnapshotCapture.DefaultPreimageBytesMax)
    {
        if (table.Capture is { IsAbandoned: true } abandoned) abandoned.Abandon();
        Invariant.Holds(table.Capture is null && restore is null, "a snapshot begins while another one is taken or restored");
        var head = new SnapshotHead(AppliedIndex, Revision, StoreTimeMilliseconds, FeatureLevel, KeyCount, Checksum, EncodeSlots());
        table.Capture = new SnapshotCapture(head, table, ledger, preimageBytesMax);
        return table.Capture;
    }

    /// <summary>Begins to take over a snapshot; the store is empty (<see cref="Clear"/>) and serves nobody until it is finished.</summary>
    /// <exception cref="SnapshotDamagedException">The head cannot be one of ours.</exception>
    public void BeginRestore(SnapshotHead head)
    {
        Invariant.Holds(KeyCount == 0 && AppliedIndex == 0 && restore is null, "a snapshot is restored over a state that is there");
        restore = new SnapshotRestore(head, table, ledger);
    }

    /// <summary>Takes over the next chunk, in the order in which they were captured.</summary>
    /// <exception cref="SnapshotDamagedException">The chunk is damaged or not the next one; the store must be cleared.</exception>
    public void RestoreChunk(ReadOnlySpan<byte> chunk)
    {
        Invariant.Holds(restore is not null, "a chunk came without a snapshot");
        restore.Take(chunk);
    }

    /// <summary>Ends the restore and checks that the state is what was captured.</summary>
    /// <param name="expectedChecksum">The checksum that the sender confirmed for this index.</param>
    /// <exception cref="SnapshotDamagedException">Something is missing or different; the store must be cleared.</exception>
    public void FinishRestore(UInt128 expectedChecksum)
    {
        Invariant.Holds(restore is not null, "there is no snapshot to finish");
        SnapshotHead head = restore.Finish();
        AppliedIndex = head.AppliedIndex;
        Revision = head.Revision;
        FeatureLevel = head.FeatureLevel;
        RestoreSlots(head.Slots);
        time.Restore(head.StoreTimeMilliseconds);
        ScheduleAll();
        if (Checksum != expectedChecksum || Checksum != head.Checksum)
        {
            throw new SnapshotDamagedException(
                $"the restored state's checksum is {Checksum:x32}; the snapshot says {head.Checksum:x32}, expected was {expectedChecksum:x32}");
        }

        restore = null;
        TellReplaced();
    }

    /// <summary>Forgets the whole state, also a half restored one, and abandons a snapshot under way. What was heard of time stays.</summary>
    public void Clear()
    {
        table.Capture?.Abandon();
        restore?.Dispose();
        restore = null;
        table.Clear();
        ResetSlots();
        AppliedIndex = 0;
        Revision = 0;
        FeatureLevel = FirstFeatureLevel;
        time.Restore(0);
    }

    /// <summary>Gives all memory back, except what readers still pin.</summary>
    public void Dispose() => Clear();

    private void MoveTo(ulong index)
    {
        Invariant.Holds(restore is null, $"entry {index} came while a snapshot is restored");
        Invariant.Holds(index == AppliedIndex + 1, $"entry {index} is applied after {AppliedIndex}");
        AppliedIndex = index;
    }
}
