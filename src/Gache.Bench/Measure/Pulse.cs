namespace Gache.Bench.Measure;

/// <summary>In which milliseconds a right answer came; so the longest gap between two is known, at the cost of one byte written each.</summary>
internal sealed class Pulse(TimeSpan length)
{
    /// <summary>Bound on what is kept; what comes later is not seen.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private readonly bool[] seen = new bool[(long)Math.Min(length.TotalMilliseconds, Longest.TotalMilliseconds) + 1];

    /// <summary>A right answer came, so long after the start. Any thread may call: all write the same.</summary>
    public void Beat(TimeSpan at)
    {
        long millisecond = at.Ticks / TimeSpan.TicksPerMillisecond;
        if (millisecond >= 0 && millisecond < seen.Length) seen[millisecond] = true;
    }

    /// <summary>The longest time without one, to the millisecond; the start and the end count as answers.</summary>
    public TimeSpan LongestGap(TimeSpan end)
    {
        long last = 0;
        long longest = 0;
        long length = Math.Min((long)end.TotalMilliseconds, seen.Length - 1);
        for (long at = 0; at <= length; at++)
        {
            if (!seen[at] && at < length) continue;
            longest = Math.Max(longest, at - last);
            last = at;
        }

        return TimeSpan.FromMilliseconds(longest);
    }
}
