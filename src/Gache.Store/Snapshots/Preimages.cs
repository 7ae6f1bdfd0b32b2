using System.Runtime.CompilerServices;

namespace Gache.Store;

/// <summary>The old records of keys that changed after a snapshot began and before their turn came; in byte order within a slot.</summary>
/// <remarks>
/// Kept by record and not by block: a random write of 100 bytes would else keep 4 KiB, and blocks could not split, merge or move
/// without asking the snapshot. A key that was not there then is kept as absent.
/// </remarks>
internal sealed class Preimages(NativeLedger ledger)
{
    private long largeBytes;

    /// <summary>The old records.</summary>
    public BlockForest Records { get; } = new(ledger);

    /// <summary>What is kept, in bytes, with the large values that only the snapshot may still need.</summary>
    public long Bytes => Records.UsedBytes + largeBytes;

    /// <summary>Keeps what stands at <paramref name="present"/> now, unless the key's old record is kept already.</summary>
    [SkipLocalsInit]
    public void Keep(int slot, ReadOnlySpan<byte> key, in BlockPath present)
    {
        Unsafe.SkipInit(out BlockPath path);
        Records.Seek(slot, key, ref path);
        if (path.IsFound) return;

        if (present.IsFound)
        {
            Record old = present.Record;
            if (old.IsLarge)
            {
                old.Large.AddReference();
                largeBytes += LargeBytes.SizeOf(old.Large.Length);
            }

            Records.Put(ref path, new RecordDraft(key, old.Flags, old.Revision, old.Tail, old.Due));
        }
        else Records.Put(ref path, new RecordDraft(key, Record.AbsentFlag, 0, default));

        Records.Settle();
    }

    /// <summary>Forgets the slot's records up to <paramref name="lastKey"/>, which were captured; all of them if it is empty.</summary>
    [SkipLocalsInit]
    public void ForgetUpTo(int slot, ReadOnlySpan<byte> lastKey)
    {
        Unsafe.SkipInit(out BlockPath path);
        while (!Records.IsEmpty(slot))
        {
            Records.Seek(slot, default, ref path);
            Record first = path.Record;
            if (!lastKey.IsEmpty && first.Key.SequenceCompareTo(lastKey) > 0) return;

            if (first.IsLarge)
            {
                largeBytes -= LargeBytes.SizeOf(first.Large.Length);
                first.Large.Release(ledger);
            }

            Records.Remove(ref path);
            Records.Settle();
        }
    }

    public void Clear()
    {
        if (largeBytes > 0) Records.ReleaseLargeValues(ledger);
        Records.Clear();
        largeBytes = 0;
    }
}
