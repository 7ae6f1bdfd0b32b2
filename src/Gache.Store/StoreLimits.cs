namespace Gache.Store;

/// <summary>The bounds that the store's formats rest on. They are checked before a command is proposed, never when it is applied (P5).</summary>
public static class StoreLimits
{
    /// <summary>The longest key, in bytes; the shortest has one.</summary>
    public const int MaxKeyBytes = 2_048;

    /// <summary>The largest value, in bytes; <c>--max-value</c> may only lower it.</summary>
    public const int MaxValueBytes = 8 * 1024 * 1024;
}
