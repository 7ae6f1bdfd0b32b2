namespace Gache.Store;

/// <summary>What became of a key.</summary>
public enum KeyChangeKind : byte
{
    /// <summary>It has a value, new or another one.</summary>
    Put = 1,

    /// <summary>A command removed it.</summary>
    Delete = 2,

    /// <summary>Its time was over.</summary>
    Expire = 3,
}

/// <summary>One change of a key, as apply made it. What changes only when a key is over (a touch) is none: the key keeps its revision.</summary>
/// <param name="kind">What became of it.</param>
/// <param name="slot">The key's slot.</param>
/// <param name="key">The key; valid during the call.</param>
/// <param name="value">The new value; empty where the key is gone. Valid during the call.</param>
/// <param name="revision">The change's own revision: it rises with every change of the shard.</param>
public readonly ref struct KeyChange(KeyChangeKind kind, int slot, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong revision)
{
    /// <summary>What became of the key.</summary>
    public KeyChangeKind Kind { get; } = kind;

    /// <summary>The key's slot.</summary>
    public int Slot { get; } = slot;

    /// <summary>The key; valid during the call.</summary>
    public ReadOnlySpan<byte> Key { get; } = key;

    /// <summary>The new value; empty where the key is gone. Valid during the call.</summary>
    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The change's own revision.</summary>
    public ulong Revision { get; } = revision;
}
