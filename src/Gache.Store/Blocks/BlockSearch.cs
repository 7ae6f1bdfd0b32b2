namespace Gache.Store;

/// <summary>Finding a key in one block.</summary>
internal static class BlockSearch
{
    /// <summary>The first record of a leaf whose key is not below <paramref name="key"/>.</summary>
    public static int LowerBound(Block leaf, ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = leaf.Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (leaf[middle].Key.SequenceCompareTo(key) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>The child of an inner block under which <paramref name="key"/> belongs. The first one's separator counts as lowest.</summary>
    public static int ChildFor(Block inner, ReadOnlySpan<byte> key)
    {
        int low = 1;
        int high = inner.Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (inner[middle].Key.SequenceCompareTo(key) <= 0) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }

    /// <summary>The record of a leaf with this key, or -1: by fingerprints first, which lie together, so that few records are touched.</summary>
    public static int Find(Block leaf, ReadOnlySpan<byte> key, byte fingerprint)
    {
        ReadOnlySpan<byte> fingerprints = leaf.Fingerprints;
        int from = 0;
        while (true)
        {
            int hit = fingerprints[from..].IndexOf(fingerprint);
            if (hit < 0) return -1;
            from += hit;
            if (leaf[from].Key.SequenceEqual(key)) return from;
            from++;
        }
    }
}
