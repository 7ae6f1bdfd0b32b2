namespace Gache.Bench.Keys;

/// <summary>Which keys this run has set and was told so: reading one of them must give its value. One bit a key.</summary>
internal sealed class AcknowledgedKeys(int count)
{
    private const int BitsPerWord = 64;

    private readonly ulong[] words = new ulong[(count + BitsPerWord - 1) / BitsPerWord];

    /// <summary>How many keys there are.</summary>
    public int Count => count;

    /// <summary>Whether all are set.</summary>
    public bool HasAll
    {
        get
        {
            for (int key = 0; key < count; key++)
            {
                if (!Has(key)) return false;
            }

            return true;
        }
    }

    /// <summary>Whether a write of this key was acknowledged before.</summary>
    public bool Has(int key) => (Volatile.Read(ref words[key / BitsPerWord]) & Bit(key)) != 0;

    /// <summary>A write of this key was acknowledged.</summary>
    public void Add(int key)
    {
        if (!Has(key)) Interlocked.Or(ref words[key / BitsPerWord], Bit(key));
    }

    private static ulong Bit(int key) => 1UL << (key % BitsPerWord);
}
