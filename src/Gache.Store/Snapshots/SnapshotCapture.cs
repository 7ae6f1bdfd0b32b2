namespace Gache.Store;

/// <summary>A snapshot of the state as it was at one index, taken in slices while the store goes on.</summary>
/// <remarks>
/// The store's owner calls it, as it calls the store. It walks the records in order of (tree, key); a record that changes before its turn
/// is kept as it was. Apply never waits for it: an owner who sees <see cref="IsFull"/> stops proposing (a leader) or abandons it
/// (a follower), and at twice the bound it abandons itself.
/// </remarks>
public sealed class SnapshotCapture
{
    /// <summary>The bound on kept old records, in bytes, unless another is given.</summary>
    public const long DefaultPreimageBytesMax = 64 * 1024 * 1024;

    /// <summary>The smallest chunk that holds any record, without a large value.</summary>
    public const int MinChunkBytes = 8 * 1024;

    /// <summary>The chunk size that a snapshot file takes.</summary>
    public const int ChunkBytes = 256 * 1024;

    private const int RecordsASlice = 4_096; // about half a millisecond; matters where most of them are absent or tiny

    private readonly SlotTable table;
    private readonly NativeLedger ledger;
    private readonly Preimages preimages;
    private readonly long preimageBytesMax;
    private readonly byte[] lastKey = new byte[StoreLimits.MaxKeyBytes];
    private int lastKeyLength;
    private int slot;
    private uint chunks;
    private nint unfinished;
    private int unfinishedWritten;

    internal SnapshotCapture(SnapshotHead head, SlotTable table, NativeLedger ledger, long preimageBytesMax)
    {
        Head = head;
        this.table = table;
        this.ledger = ledger;
        this.preimageBytesMax = preimageBytesMax;
        preimages = new Preimages(ledger);
    }

    /// <summary>The state that is captured.</summary>
    public SnapshotHead Head { get; }

    /// <summary>Old records kept, in bytes.</summary>
    public long PreimageBytes => preimages.Bytes;

    /// <summary>Whether the bound on old records is reached: propose nothing more until it falls, or abandon.</summary>
    public bool IsFull => PreimageBytes >= preimageBytesMax;

    /// <summary>Whether a quarter of that bound is reached: go on without rest.</summary>
    public bool IsFilling => PreimageBytes >= preimageBytesMax / 4;

    /// <summary>Whether everything was captured.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether it was given up, by its owner, by <see cref="KeyValueStore.Clear"/>, or by itself at twice its bound. Then its
    /// memory goes back with the next call of <see cref="Abandon"/>, <see cref="Fill"/> or <see cref="KeyValueStore.BeginSnapshot"/>.</summary>
    public bool IsAbandoned { get; private set; }

    internal long PreimageBlockBytes => preimages.Records.UsedBytes;

    private ReadOnlySpan<byte> LastKey => lastKey.AsSpan(0, lastKeyLength);

    /// <summary>Writes the next chunk. A slice's work is bounded, whatever is there.</summary>
    /// <param name="chunk">At least <see cref="MinChunkBytes"/>; <see cref="ChunkBytes"/> is what a snapshot file takes. A value that does
    /// not fit goes on in the next chunk.</param>
    /// <returns>The chunk's length in bytes; 0 if there is none this time: call again unless <see cref="IsComplete"/> or
    /// <see cref="IsAbandoned"/>.</returns>
    public int Fill(Span<byte> chunk)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk.Length, MinChunkBytes, nameof(chunk));
        if (IsAbandoned) Abandon();
        if (IsComplete || IsAbandoned) return 0;

        var writer = new ChunkWriter(chunk);
        ContinueValue(ref writer);
        int firstSlot = slot;
        if (unfinished == 0) WriteRecords(ref writer);
        for (int passed = firstSlot; passed < slot; passed++) preimages.ForgetUpTo(passed, default);
        if (slot < Trees.Count && lastKeyLength > 0) preimages.ForgetUpTo(slot, LastKey);

        if (slot == Trees.Count && unfinished == 0)
        {
            IsComplete = true;
            Detach();
        }

        return writer.IsEmpty ? 0 : writer.Finish(chunks++);
    }

    /// <summary>Gives the snapshot up and its memory back. Does nothing once it is complete or that was done.</summary>
    public void Abandon()
    {
        if (table.Capture != this) return;
        IsAbandoned = true;
        Detach();
    }

    /// <summary>Keeps a record that is about to change, if its turn has not come.</summary>
    internal void BeforeChange(int changedSlot, ReadOnlySpan<byte> key, in BlockPath present)
    {
        if (IsAbandoned || changedSlot < slot || (changedSlot == slot && key.SequenceCompareTo(LastKey) <= 0)) return;

        preimages.Keep(changedSlot, key, in present);

        // Giving back so much memory takes milliseconds, which apply does not have.
        if (PreimageBytes / 2 >= preimageBytesMax) IsAbandoned = true;
    }

    private void ContinueValue(ref ChunkWriter writer)
    {
        if (unfinished == 0) return;

        var value = new LargeBytes(unfinished);
        unfinishedWritten += writer.Continue(value.Bytes[unfinishedWritten..]);
        if (unfinishedWritten == value.Length) ReleaseUnfinished();
    }

    private void WriteRecords(ref ChunkWriter writer)
    {
        var present = default(BlockCursor);
        var old = default(BlockCursor);
        int left = RecordsASlice;
        for (; slot < Trees.Count; slot++, lastKeyLength = 0)
        {
            if (table.Blocks.IsEmpty(slot) && preimages.Records.IsEmpty(slot)) continue;

            present.SeekBehind(table.Blocks, slot, LastKey);
            old.SeekBehind(preimages.Records, slot, LastKey);
            while (!present.IsAtEnd || !old.IsAtEnd)
            {
                if (left-- == 0) return;
                int order = present.IsAtEnd ? 1 : old.IsAtEnd ? -1 : present.Record.Key.SequenceCompareTo(old.Record.Key);
                Record record = order < 0 ? present.Record : old.Record;
                if (!record.IsAbsent && !TryWrite(ref writer, record)) return;

                record.Key.CopyTo(lastKey);
                lastKeyLength = record.Key.Length;
                if (unfinished != 0) return;
                if (order <= 0) present.MoveNext();
                if (order >= 0) old.MoveNext();
            }
        }
    }

    private bool TryWrite(ref ChunkWriter writer, Record record)
    {
        if (!writer.TryAppend(slot, record, out int written)) return false;

        if (record.IsLarge && written < record.Large.Length)
        {
            // The key may change before the next chunk: its value is held until it is written.
            record.Large.AddReference();
            unfinished = record.Large.Address;
            unfinishedWritten = written;
        }

        return true;
    }

    private void ReleaseUnfinished()
    {
        if (unfinished != 0) new LargeBytes(unfinished).Release(ledger);
        unfinished = 0;
    }

    private void Detach()
    {
        ReleaseUnfinished();
        preimages.Clear();
        table.Capture = null;
    }
}
