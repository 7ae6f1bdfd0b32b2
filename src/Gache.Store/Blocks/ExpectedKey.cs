namespace Gache.Store;

/// <summary>A key that is about to be sought.</summary>
internal struct ExpectedKey
{
    /// <summary>Which of those that are expected together.</summary>
    public int Number;

    public int Slot;

    /// <summary>How far the way to it is known: a block's address, or 0.</summary>
    public nint Block;
}
