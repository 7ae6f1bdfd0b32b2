using Gache.Store;

namespace Gache.Replication;

/// <summary>Which keys somebody watches: one, or all with a prefix.</summary>
public sealed class WatchFilter
{
    private WatchFilter(byte[] bytes, bool isPrefix)
    {
        (Bytes, IsPrefix) = (bytes, isPrefix);
        int? slot = isPrefix ? Slot.OfPrefix(bytes) : Slot.Of(bytes);
        (FirstSlot, LastSlot) = (slot ?? 0, slot ?? Slot.Count - 1);
    }

    /// <summary>The key or the prefix.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Whether it is a prefix.</summary>
    public bool IsPrefix { get; }

    /// <summary>The first slot that such keys can be in.</summary>
    public int FirstSlot { get; }

    /// <summary>The last one: the same for a key, and for a prefix that holds a whole <c>{tag}</c>.</summary>
    public int LastSlot { get; }

    /// <summary>How many slots such keys can be in.</summary>
    public int SlotCount => LastSlot - FirstSlot + 1;

    /// <summary>Watches one key.</summary>
    public static WatchFilter OfKey(ReadOnlySpan<byte> key) => new(key.ToArray(), isPrefix: false);

    /// <summary>Watches all keys that begin so; an empty prefix stands for all keys.</summary>
    public static WatchFilter OfPrefix(ReadOnlySpan<byte> prefix) => new(prefix.ToArray(), isPrefix: true);

    /// <summary>Whether a key is watched.</summary>
    public bool Matches(ReadOnlySpan<byte> key) => IsPrefix ? key.StartsWith(Bytes.Span) : key.SequenceEqual(Bytes.Span);

    /// <summary>Whether a watched key can be in a slot.</summary>
    public bool Includes(int slot) => slot >= FirstSlot && slot <= LastSlot;
}
