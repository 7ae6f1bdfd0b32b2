namespace Gache.Store;

/// <summary>A command as it stands in the bytes it was read from.</summary>
public readonly ref struct CommandView
{
    internal CommandView(CommandKind kind, ulong storeTimeMilliseconds, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ReadOnlySpan<byte> options = default)
    {
        Kind = kind;
        StoreTimeMilliseconds = storeTimeMilliseconds;
        Key = key;
        Value = value;
        Options = options;
    }

    /// <summary>What is asked for.</summary>
    public CommandKind Kind { get; }

    /// <summary>The leader's store time when it proposed the command.</summary>
    public ulong StoreTimeMilliseconds { get; }

    /// <summary>The key of a set, put, delete, add or touch; else empty.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>The value of a set or put; the body of a command about slots; else empty.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>The encoded <see cref="WriteOptions"/> of a command on a key that has some; else empty.</summary>
    internal ReadOnlySpan<byte> Options { get; }
}
