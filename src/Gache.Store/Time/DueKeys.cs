using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Gache.Store;

/// <summary>Which key of a slot is over when, the earliest first: a tree a slot of (time, key). Takes nothing before the first key expires.</summary>
/// <remarks>Follows from the records. The times are the slot's own, so a slot moves without its tree being touched.</remarks>
internal sealed class DueKeys(NativeLedger ledger)
{
    private BlockForest? trees;

    /// <summary>Rises with every change.</summary>
    public long Version { get; private set; }

    /// <summary>What it takes, in bytes.</summary>
    public long UsedBytes => trees?.UsedBytes ?? 0;

    public bool AreThereIn(int slot) => trees is not null && !trees.IsEmpty(slot);

    /// <summary>The key of a slot that is over first.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="due">When it is over, in the slot's time.</param>
    /// <param name="key">Where to write it: at least <see cref="StoreLimits.MaxKeyBytes"/>.</param>
    /// <param name="keyLength">How long it is.</param>
    /// <returns>False if no key of the slot expires.</returns>
    public bool TryFirst(int slot, out ulong due, Span<byte> key, out int keyLength)
    {
        (due, keyLength) = (0, 0);
        if (trees is null || !trees.TryFirst(slot, out Record first)) return false;
        due = BinaryPrimitives.ReadUInt64BigEndian(first.Key);
        ReadOnlySpan<byte> found = first.Key[sizeof(ulong)..];
        found.CopyTo(key);
        keyLength = found.Length;
        return true;
    }

    /// <summary>When the first key of a slot is over; null if none expires.</summary>
    public ulong? FirstDueOf(int slot) =>
        trees is not null && trees.TryFirst(slot, out Record first) ? BinaryPrimitives.ReadUInt64BigEndian(first.Key) : null;

    [SkipLocalsInit]
    public void Add(int slot, ulong due, ReadOnlySpan<byte> key)
    {
        Version++;
        trees ??= new BlockForest(ledger);
        Span<byte> named = stackalloc byte[BlockForest.MaxKeyBytes];
        named = Name(named, due, key);
        Unsafe.SkipInit(out BlockPath path);
        trees.Seek(slot, named, ref path);
        if (!path.IsFound) trees.Put(ref path, new RecordDraft(named, 0, 0, default));
        trees.Settle();
    }

    [SkipLocalsInit]
    public void Remove(int slot, ulong due, ReadOnlySpan<byte> key)
    {
        Version++;
        Span<byte> named = stackalloc byte[BlockForest.MaxKeyBytes];
        named = Name(named, due, key);
        Unsafe.SkipInit(out BlockPath path);
        trees!.Seek(slot, named, ref path);
        if (path.IsFound) trees.Remove(ref path);
        trees.Settle();
    }

    public void Clear()
    {
        trees?.Clear();
        trees = null;
    }

    private static Span<byte> Name(Span<byte> named, ulong due, ReadOnlySpan<byte> key)
    {
        BinaryPrimitives.WriteUInt64BigEndian(named, due);
        key.CopyTo(named[sizeof(ulong)..]);
        return named[..(sizeof(ulong) + key.Length)];
    }
}
