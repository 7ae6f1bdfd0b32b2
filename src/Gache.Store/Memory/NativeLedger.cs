namespace Gache.Store;

/// <summary>Counts one store's native memory, to the byte: what is taken and not given back yet. May be used from any thread.</summary>
internal sealed class NativeLedger
{
    private long slabBytes;
    private long valueBytes;

    /// <summary>Memory of slabs, in which blocks live.</summary>
    public long SlabBytes => Interlocked.Read(ref slabBytes);

    /// <summary>Memory of large values, also of those that only a reader or a snapshot still holds.</summary>
    public long ValueBytes => Interlocked.Read(ref valueBytes);

    public void AddSlab(long bytes) => Interlocked.Add(ref slabBytes, bytes);

    public void AddValue(long bytes) => Interlocked.Add(ref valueBytes, bytes);
}
