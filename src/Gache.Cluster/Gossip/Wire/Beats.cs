namespace Gache.Cluster;

/// <summary>
/// Heartbeats in one byte. A heartbeat counts the quarter seconds since its node's generation, which is itself a time; so both ends can guess
/// it from the sender's clock, and only the difference is sent: the age of the news and the clocks' difference. No clock has to be right: a wrong
/// guess costs bytes, never a wrong number.
/// </summary>
internal static class Beats
{
    /// <summary>How often a node's heartbeat rises.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(IntervalMs);

    /// <summary>The code that stands for "not alive here: I have no news of it".</summary>
    public const ulong NoNews = 0;

    private const ulong IntervalMs = 250;

    public static ulong Encode(ulong sentMs, ulong generation, ulong beat) => 1 + ZigZag.Encode((long)beat - Guess(sentMs, generation));

    /// <summary>The heartbeat; null if the code stands for none that there can be.</summary>
    public static ulong? Decode(ulong sentMs, ulong generation, ulong code)
    {
        if (code == NoNews) return null;
        long beat = unchecked(Guess(sentMs, generation) + ZigZag.Decode(code - 1));
        return beat >= 0 && (ulong)beat < GossipLimits.MaxCounter ? (ulong)beat : null;
    }

    private static long Guess(ulong sentMs, ulong generation) => sentMs > generation ? (long)((sentMs - generation) / IntervalMs) : 0;
}
