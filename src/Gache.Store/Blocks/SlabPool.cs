namespace Gache.Store;

/// <summary>Hands out slabs, and keeps a few of those that come back: blocks that grow leave one size's slabs for the next one's.</summary>
internal sealed unsafe class SlabPool(NativeLedger ledger)
{
    /// <summary>What is taken from the system at once.</summary>
    public const int SlabBytes = 256 * 1024;

    private const int InUsePerSpare = 32; // at most a thirty-second part of the memory lies idle, and one slab

    private Slab* spare;
    private long spares;
    private long inUse;

    /// <summary>An empty slab, to lie on <paramref name="below"/>.</summary>
    public Slab* Take(Slab* below)
    {
        Slab* taken = spare;
        if (taken != null)
        {
            spare = taken->Below;
            spares--;
        }
        else
        {
            taken = (Slab*)Pages.Take(SlabBytes);
            ledger.AddSlab(SlabBytes);
        }

        taken->Below = below;
        taken->Count = 0;
        inUse++;
        return taken;
    }

    /// <summary>Takes a slab back, to keep it or to return it to the system.</summary>
    public void Return(Slab* slab)
    {
        slab->Below = spare;
        spare = slab;
        spares++;
        inUse--;
        while (spares > 1 + inUse / InUsePerSpare) FreeSpare();
    }

    /// <summary>Returns all that is kept to the system.</summary>
    public void Clear()
    {
        while (spare != null) FreeSpare();
    }

    private void FreeSpare()
    {
        Slab* freed = spare;
        spare = freed->Below;
        spares--;
        Pages.Free((byte*)freed, SlabBytes);
        ledger.AddSlab(-SlabBytes);
    }

    /// <summary>The head of a slab; blocks of one size follow, from the next cache line on.</summary>
    internal struct Slab
    {
        public const int HeadBytes = 64;

        /// <summary>The next older slab of the same stack.</summary>
        public Slab* Below;

        /// <summary>How many blocks it holds.</summary>
        public int Count;
    }
}
