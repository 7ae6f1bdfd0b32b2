using Gache.Primitives;

namespace Gache.Store;

/// <summary>Reads one slot out in slices while it goes on changing: every record once, then again what changed after its turn.</summary>
/// <remarks>
/// The store's owner calls it. It lives at the source's leader only and holds nothing that is replicated: whoever leads next begins anew.
/// What it gives out, applied in order, is the slot's state as soon as <see cref="IsCaughtUp"/>.
/// </remarks>
public sealed class SlotExport : IDisposable
{
    /// <summary>The bound on keys that changed after their turn; beyond it the export has failed and is begun again.</summary>
    public const int MaxChangedKeys = 65_536;

    /// <summary>The bound on the bytes of those keys.</summary>
    public const int MaxChangedBytes = 16 << 20;

    private const int RecordsASlice = 2_048;
    private const int FewKeys = 64;

    private readonly KeyValueStore store;
    private readonly SlotTable table;
    private readonly HashSet<byte[]> changed = new(ByteKeys.Instance); // of which tree (1 byte), then the key
    private readonly Queue<byte[]> order = new(); // the same keys, as they came
    private byte[] last = [];
    private bool isInAnswers; // the keys were walked, and the idempotency records come now
    private int changedBytes;
    private bool isWalked;

    internal SlotExport(KeyValueStore store, SlotTable table, int slot)
    {
        (this.store, this.table, SlotNumber) = (store, table, slot);
    }

    /// <summary>The slot.</summary>
    public int SlotNumber { get; }

    /// <summary>Whether everything was given out that the slot holds now.</summary>
    public bool IsCaughtUp => isWalked && changed.Count == 0 && !HasFailed;

    /// <summary>Whether what is left is little enough that nobody notices while the slot is handed over.</summary>
    public bool IsNearlyCaughtUp => isWalked && changed.Count <= FewKeys;

    /// <summary>How many keys wait to be given out again.</summary>
    public int ChangedKeys => changed.Count;

    /// <summary>Whether it must be begun again: the state was replaced, or too much changed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Gives out the next records, at most about half a millisecond's worth.</summary>
    /// <param name="maxBytes">The chunk's size; one record may exceed it.</param>
    /// <returns>Encoded records; empty if there are none now.</returns>
    public byte[] Next(int maxBytes)
    {
        if (HasFailed) return [];
        using var chunk = new ChunkBuffer();
        int left = RecordsASlice;
        while (!isWalked)
        {
            if (!Walk(chunk, maxBytes, ref left)) return chunk.ToArray();
            last = [];
            (isInAnswers, isWalked) = (true, isInAnswers);
        }

        while (changed.Count > 0 && left-- > 0)
        {
            byte[] kept = order.Peek();
            bool isAnswer = kept[0] != 0;
            ReadOnlySpan<byte> key = kept.AsSpan(1);
            bool isThere = table.Blocks.TryFind(isAnswer ? Trees.IdempotencyOf(SlotNumber) : SlotNumber, key, out Record present);
            if (!(isThere ? chunk.TryAppend(present, isAnswer, maxBytes) : chunk.TryAppendRemoved(key, isAnswer, maxBytes))) break;
            changed.Remove(order.Dequeue());
            changedBytes -= kept.Length;
        }

        return chunk.ToArray();
    }

    /// <summary>Goes on in the tree that is walked; true at its end.</summary>
    private bool Walk(ChunkBuffer chunk, int maxBytes, ref int left)
    {
        int tree = isInAnswers ? Trees.IdempotencyOf(SlotNumber) : SlotNumber;
        if (table.Blocks.IsEmpty(tree)) return true;
        var cursor = default(BlockCursor);
        cursor.SeekBehind(table.Blocks, tree, last);
        Record record = default;
        bool isAny = false;
        for (; !cursor.IsAtEnd && left-- > 0; cursor.MoveNext())
        {
            if (!chunk.TryAppend(cursor.Record, isInAnswers, maxBytes)) break;
            record = cursor.Record;
            isAny = true;
        }

        if (isAny) last = record.Key.ToArray();
        return cursor.IsAtEnd;
    }

    /// <inheritdoc/>
    public void Dispose() => store.End(this);

    /// <summary>A record of the slot changed.</summary>
    internal void Changed(int tree, ReadOnlySpan<byte> key)
    {
        bool isAnswer = !Trees.IsOfKeys(tree);
        bool isStillToCome = !isWalked && (isAnswer == isInAnswers ? key.SequenceCompareTo(last) > 0 : isAnswer);
        if (isStillToCome || HasFailed) return;
        Span<byte> named = stackalloc byte[1 + StoreLimits.MaxKeyBytes];
        named[0] = isAnswer ? (byte)1 : (byte)0;
        key.CopyTo(named[1..]);
        named = named[..(1 + key.Length)];
        if (changed.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(named)) return;
        byte[] kept = named.ToArray();
        changed.Add(kept);
        order.Enqueue(kept);
        changedBytes += kept.Length;
        if (changed.Count > MaxChangedKeys || changedBytes > MaxChangedBytes) Fail();
    }

    internal void Fail()
    {
        HasFailed = true;
        changed.Clear();
        order.Clear();
    }

    private sealed class ChunkBuffer : IDisposable
    {
        private byte[] bytes = System.Buffers.ArrayPool<byte>.Shared.Rent(4_096);

        public int Length { get; private set; }

        public bool TryAppend(Record record, bool isAnswer, int maxBytes) =>
            TryAppend(record.Key, record.Revision, record.Value, isRemoved: false, isAnswer, record.Due, maxBytes);

        public bool TryAppendRemoved(ReadOnlySpan<byte> key, bool isAnswer, int maxBytes) => TryAppend(key, 0, default, isRemoved: true, isAnswer, 0, maxBytes);

        public byte[] ToArray() => bytes.AsSpan(0, Length).ToArray();

        public void Dispose() => System.Buffers.ArrayPool<byte>.Shared.Return(bytes);

        private bool TryAppend(ReadOnlySpan<byte> key, ulong revision, ReadOnlySpan<byte> value, bool isRemoved, bool isAnswer, ulong due, int maxBytes)
        {
            int needed = Length + MovedRecords.LengthOf(key.Length, value.Length, due);
            if (Length > 0 && needed > maxBytes) return false;
            if (bytes.Length < needed) Grow(needed);
            Length += MovedRecords.Write(bytes.AsSpan(Length), key, revision, value, isRemoved, isAnswer, due);
            return true;
        }

        private void Grow(int needed)
        {
            byte[] larger = System.Buffers.ArrayPool<byte>.Shared.Rent(Math.Max(needed, bytes.Length * 2));
            bytes.AsSpan(0, Length).CopyTo(larger);
            System.Buffers.ArrayPool<byte>.Shared.Return(bytes);
            bytes = larger;
        }
    }
}
