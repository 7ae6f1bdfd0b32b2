namespace Gache.Store;

/// <summary>All blocks of one size, as a stack over linked slabs: always dense, whatever was freed in between.</summary>
internal unsafe struct SlabStack
{
    /// <summary>What is taken from the system at once.</summary>
    public const int SlabBytes = 256 * 1024;

    private const int HeadBytes = 64; // a cache line, so that blocks begin on one

    private Slab* top;

    public long Count { get; private set; }

    /// <summary>Takes the next place; <paramref name="spare"/> is used before the system is asked.</summary>
    public byte* Push(int blockBytes, NativeLedger ledger, ref byte* spare)
    {
        if (top == null || top->Count == PerSlab(blockBytes))
        {
            byte* taken = spare;
            spare = null;
            if (taken == null)
            {
                taken = Pages.Take(SlabBytes);
                ledger.AddSlab(SlabBytes);
            }

            var slab = (Slab*)taken;
            slab->Below = top;
            slab->Count = 0;
            top = slab;
        }

        Count++;
        return (byte*)top + HeadBytes + (long)blockBytes * top->Count++;
    }

    /// <summary>The place that <see cref="Pop"/> gives back.</summary>
    public readonly byte* Last(int blockBytes) => (byte*)top + HeadBytes + (long)blockBytes * (top->Count - 1);

    /// <summary>Gives back the last place; an emptied slab is kept as the one <paramref name="spare"/>, or returned to the system.</summary>
    public void Pop(NativeLedger ledger, ref byte* spare)
    {
        Count--;
        if (--top->Count > 0) return;

        Slab* emptied = top;
        top = emptied->Below;
        if (spare == null) spare = (byte*)emptied;
        else Free((byte*)emptied, ledger);
    }

    public void Clear(NativeLedger ledger)
    {
        while (top != null)
        {
            Slab* slab = top;
            top = slab->Below;
            Free((byte*)slab, ledger);
        }

        Count = 0;
    }

    public static void Free(byte* slab, NativeLedger ledger)
    {
        Pages.Free(slab, SlabBytes);
        ledger.AddSlab(-SlabBytes);
    }

    private static int PerSlab(int blockBytes) => (SlabBytes - HeadBytes) / blockBytes;

    private struct Slab
    {
        public Slab* Below;
        public int Count;
    }
}
