namespace Gache.Store;

/// <summary>Asks for the next keys of a shard, slot by slot, in byte order within a slot.</summary>
/// <param name="Prefix">What the keys begin with; empty for all.</param>
/// <param name="From">Where to go on.</param>
/// <param name="LastSlot">The last slot that is wanted.</param>
/// <param name="MaxKeys">At most so many keys.</param>
/// <param name="MaxBytes">Keys and values end the page once they have so many bytes together; one key is always told.</param>
/// <param name="WithValues">Whether values are told.</param>
public sealed record ScanQuery(ReadOnlyMemory<byte> Prefix, ScanPosition From, int LastSlot, int MaxKeys, int MaxBytes, bool WithValues)
{
    /// <summary>The most keys of a page.</summary>
    public const int MaxKeysOfPage = 1_000;

    /// <summary>A page ends once it has so many bytes.</summary>
    public const int MaxBytesOfPage = 1024 * 1024;

    /// <summary>A page ends once so many slots that have keys were looked into: beside the other bounds about 2 ms of work.</summary>
    public const int MaxSlotsOfPage = 1_024;

    /// <summary>A page ends once it has passed so many keys that are over and not deleted yet.</summary>
    public const int MaxPassedKeys = 2_048;
}

/// <summary>A key that a scan told.</summary>
/// <param name="Key">The key.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Value">Its value; null where none was asked for.</param>
public readonly record struct ScannedKey(ReadOnlyMemory<byte> Key, ulong Revision, ReadOnlyMemory<byte>? Value);

/// <summary>Keys of a shard as they were at one index.</summary>
/// <param name="Keys">In order.</param>
/// <param name="End">Why there are no more.</param>
/// <param name="Next">Where to go on; the end once it is complete.</param>
public sealed record ScanPage(IReadOnlyList<ScannedKey> Keys, ScanEnd End, ScanPosition Next);
