using System.Globalization;

namespace Gache.Server.Http.Keys;

/// <summary>How long a request may still wait for its condition, also where nodes pass it on to each other: together they wait no longer than was asked.</summary>
internal sealed class WaitTime
{
    private readonly long began = Environment.TickCount64;
    private readonly TimeSpan whole;

    private WaitTime(TimeSpan whole) => this.whole = whole;

    /// <summary>For how long the client asked to wait.</summary>
    public TimeSpan Asked => whole;

    /// <summary>What is left; at least a millisecond, in which the condition is judged once more.</summary>
    public TimeSpan Left
    {
        get
        {
            TimeSpan left = whole - TimeSpan.FromMilliseconds(Environment.TickCount64 - began);
            return left > Least ? left : Least;
        }
    }

    /// <summary>The time begins with the request's arrival here; of one that another node passed on, so much is left as that one said.</summary>
    public static WaitTime Begin(HttpContext context, TimeSpan asked, bool isForwarded)
    {
        if (isForwarded
            && long.TryParse(context.Request.Headers[Headers.WaitLeft], NumberStyles.None, CultureInfo.InvariantCulture, out long left)
            && left < asked.TotalMilliseconds)
        {
            asked = TimeSpan.FromMilliseconds(left);
        }

        var wait = new WaitTime(asked);
        context.Features.Set(wait);
        return wait;
    }

    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);
}
