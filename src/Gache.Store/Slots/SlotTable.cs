using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gache.Store;

/// <summary>All records of the shard by tree (<see cref="Trees"/>), with the count and the checksum of each kept as records change.</summary>
internal sealed class SlotTable(NativeLedger ledger)
{
    /// <summary>What the table takes when it is empty, in bytes: a root, a checksum and a count for each tree.</summary>
    public const long EmptyBytes = Trees.Count * (8L + 16 + 8) + SlotOwnership.Bytes;

    private readonly UInt128[] checksums = new UInt128[Trees.Count];
    private readonly long[] counts = new long[Trees.Count];

    /// <summary>The blocks; changed only through this table.</summary>
    public BlockForest Blocks { get; } = new(ledger);

    /// <summary>Which key is over when.</summary>
    public DueKeys Dues { get; } = new(ledger);

    /// <summary>The sum of all records' checksums, modulo 2^128: the order in which keys came does not matter.</summary>
    public UInt128 Checksum { get; private set; }

    public long KeyCount { get; private set; }

    public long IdempotencyCount { get; private set; }

    /// <summary>A snapshot under way; it is told of each record that is about to change.</summary>
    public SnapshotCapture? Capture { get; set; }

    /// <summary>The checksum of all that belongs to a slot.</summary>
    public UInt128 ChecksumOf(int slot) => checksums[slot] + checksums[Trees.IdempotencyOf(slot)];

    public long KeyCountOf(int slot) => counts[slot];

    /// <summary>Reads what a change in the slot will add to (<see cref="BlockForest.ReadAhead"/>).</summary>
    public int ReadAhead(int slot) => (int)checksums[slot];

    /// <summary>How many records belong to a slot.</summary>
    public long RecordCountOf(int slot) => counts[slot] + counts[Trees.IdempotencyOf(slot)];

    /// <summary>Sets a record.</summary>
    /// <returns>Whether it was there before.</returns>
    [SkipLocalsInit]
    public bool Set(int slot, ReadOnlySpan<byte> key, ulong revision, ReadOnlySpan<byte> value, ulong due = 0)
    {
        if (key.Length + value.Length <= Record.InlineBytesMax) return Set(slot, new RecordDraft(key, 0, revision, value, due));

        LargeBytes large = LargeBytes.Allocate(value.Length, ledger);
        value.CopyTo(large.Bytes);
        large.Seal();
        return Set(slot, key, revision, large, due);
    }

    /// <summary>Sets a key to a large value that is already in its place; the caller's reference becomes the table's.</summary>
    public bool Set(int slot, ReadOnlySpan<byte> key, ulong revision, LargeBytes value, ulong due = 0)
    {
        nint address = value.Address;
        var tail = MemoryMarshal.AsBytes(new ReadOnlySpan<nint>(in address));
        return Set(slot, new RecordDraft(key, Record.LargeFlag, revision, tail, due));
    }

    /// <summary>Says when a key that is there is over; nothing else of it changes.</summary>
    [SkipLocalsInit]
    public void SetDue(int slot, ReadOnlySpan<byte> key, ulong due)
    {
        Blocks.TryFind(slot, key, out Record present);
        ulong revision = present.Revision;
        if (present.IsLarge)
        {
            LargeBytes large = present.Large;
            large.AddReference(); // the present record gives its own back
            Set(slot, key, revision, large, due);
            return;
        }

        Span<byte> value = stackalloc byte[Record.InlineBytesMax];
        value = value[..present.Tail.Length];
        present.Tail.CopyTo(value);
        Set(slot, key, revision, value, due);
    }

    /// <summary>Removes a key.</summary>
    /// <returns>Whether it was there.</returns>
    [SkipLocalsInit]
    public bool Remove(int slot, ReadOnlySpan<byte> key)
    {
        Unsafe.SkipInit(out BlockPath path);
        Blocks.Seek(slot, key, ref path);
        if (!path.IsFound) return false;

        Capture?.BeforeChange(slot, key, in path);
        TakeOut(slot, path.Record, key);
        Count(slot, -1);
        Blocks.Remove(ref path);
        Blocks.Settle();
        return true;
    }

    /// <summary>Removes the first records of a slot.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="most">At most so many.</param>
    public void RemoveFirst(int slot, int most)
    {
        Span<byte> key = stackalloc byte[StoreLimits.MaxKeyBytes];
        while (most-- > 0 && RecordCountOf(slot) > 0)
        {
            int tree = counts[slot] > 0 ? slot : Trees.IdempotencyOf(slot);
            Blocks.TryFirst(tree, out Record record);
            ReadOnlySpan<byte> first = record.Key;
            first.CopyTo(key);
            Remove(tree, key[..first.Length]);
        }
    }

    /// <summary>Forgets all keys and gives their memory back.</summary>
    public void Clear()
    {
        // Without a large value there is nothing to look for, and all blocks go at once.
        if (ledger.ValueBytes > 0) Blocks.ReleaseLargeValues(ledger);
        Blocks.Clear();
        Dues.Clear();
        Array.Clear(checksums);
        Array.Clear(counts);
        Checksum = 0;
        KeyCount = 0;
        IdempotencyCount = 0;
    }

    [SkipLocalsInit]
    private bool Set(int slot, in RecordDraft draft)
    {
        Unsafe.SkipInit(out BlockPath path);
        Blocks.Seek(slot, draft.Key, ref path);
        Capture?.BeforeChange(slot, draft.Key, in path);
        bool existed = path.IsFound;
        if (existed) TakeOut(slot, path.Record, draft.Key);
        else
        {
            Count(slot, 1);
        }

        UInt128 checksum = Blocks.Put(ref path, draft).ChecksumIn(slot);
        checksums[slot] += checksum;
        Checksum += checksum;
        Blocks.Settle();
        if (draft.Due != 0) Dues.Add(slot, draft.Due, draft.Key);
        return existed;
    }

    private void Count(int tree, int change)
    {
        counts[tree] += change;
        if (Trees.IsOfKeys(tree)) KeyCount += change;
        else IdempotencyCount += change;
    }

    private void TakeOut(int slot, Record record, ReadOnlySpan<byte> key)
    {
        UInt128 checksum = record.ChecksumIn(slot);
        checksums[slot] -= checksum;
        Checksum -= checksum;
        if (record.Flags == 0) return;
        if (record.IsLarge) record.Large.Release(ledger);
        if (record.Expires) Dues.Remove(slot, record.Due, key);
    }
}
