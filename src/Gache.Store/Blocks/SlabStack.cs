using Slab = Gache.Store.SlabPool.Slab;

namespace Gache.Store;

/// <summary>All blocks of one size, as a stack over linked slabs: always dense, whatever was freed in between.</summary>
internal unsafe struct SlabStack
{
    private Slab* top;

    /// <summary>Takes the next place.</summary>
    public byte* Push(int blockBytes, SlabPool pool)
    {
        if (top == null || top->Count == PerSlab(blockBytes)) top = pool.Take(top);
        top->Count++;
        return Last(blockBytes);
    }

    /// <summary>The place that <see cref="Pop"/> gives back.</summary>
    public readonly byte* Last(int blockBytes) => (byte*)top + Slab.HeadBytes + (long)blockBytes * (top->Count - 1);

    /// <summary>Gives back the last place.</summary>
    public void Pop(SlabPool pool)
    {
        if (--top->Count == 0) Drop(pool);
    }

    public void Clear(SlabPool pool)
    {
        while (top != null) Drop(pool);
    }

    private void Drop(SlabPool pool)
    {
        Slab* dropped = top;
        top = dropped->Below;
        pool.Return(dropped);
    }

    private static int PerSlab(int blockBytes) => (SlabPool.SlabBytes - Slab.HeadBytes) / blockBytes;
}
