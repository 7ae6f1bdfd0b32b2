namespace Gache.Store;

/// <summary>The parts that the key space is divided into, by Redis Cluster's rule, so that its users' habits and tools carry over.</summary>
public static class Slot
{
    /// <summary>How many slots there are, in every mode.</summary>
    public const int Count = 16_384;

    /// <summary>The slot of a key: CRC-16/XMODEM mod 16,384 of its first non-empty <c>{tag}</c>, else of the whole key.</summary>
    public static int Of(ReadOnlySpan<byte> key)
    {
        int open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            // Only the first brace counts: with "{}" the whole key is taken, even if a later tag would do.
            int length = key[(open + 1)..].IndexOf((byte)'}');
            if (length > 0) key = key.Slice(open + 1, length);
        }

        return Crc16.Compute(key) & (Count - 1);
    }

    /// <summary>The slot of all keys that begin with a prefix: it has one if it holds a whole non-empty <c>{tag}</c>; else null.</summary>
    public static int? OfPrefix(ReadOnlySpan<byte> prefix)
    {
        int open = prefix.IndexOf((byte)'{');
        return open >= 0 && prefix[(open + 1)..].IndexOf((byte)'}') > 0 ? Of(prefix) : null;
    }
}
