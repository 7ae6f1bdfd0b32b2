namespace Gache.Replication;

/// <summary>What the chunks of one history share: the memory that they take, and the file for those that memory has no room for.</summary>
internal sealed class HistorySpace(HistoryFile? file)
{
    /// <summary>How long a chunk usually is, in bytes.</summary>
    public const int ChunkBytes = 256 * 1024;

    private long inMemory;
    private byte[]? spare; // one chunk's bytes, to be used again
    private int losses;

    /// <summary>Where chunks go; null if memory is all there is.</summary>
    public HistoryFile? File => file;

    /// <summary>What is taken of memory, in bytes.</summary>
    public long InMemory => Interlocked.Read(ref inMemory);

    /// <summary>How many chunks could not be read back.</summary>
    public int Losses => Volatile.Read(ref losses);

    public byte[] Take(int size)
    {
        Interlocked.Add(ref inMemory, size);
        byte[]? again = size == ChunkBytes ? Interlocked.Exchange(ref spare, null) : null;
        return again ?? GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Takes bytes back that nobody reads any more.</summary>
    public void GiveBack(byte[] bytes)
    {
        Interlocked.Add(ref inMemory, -bytes.Length);
        if (bytes.Length == ChunkBytes) Volatile.Write(ref spare, bytes);
    }

    public void NoteLoss() => Interlocked.Increment(ref losses);
}
