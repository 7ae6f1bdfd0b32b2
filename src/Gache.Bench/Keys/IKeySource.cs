namespace Gache.Bench.Keys;

/// <summary>Where a caller's keys come from. Used by one thread at a time.</summary>
internal interface IKeySource
{
    /// <summary>The number of the next key; false when there is none left.</summary>
    bool TryNext(out int key);

    /// <summary>A write of this key was not acknowledged.</summary>
    void Failed(int key);
}
