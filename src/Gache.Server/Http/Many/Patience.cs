namespace Gache.Server.Http.Many;

/// <summary>How long a request may look for the leaders of slots, from now on (<see cref="ManyLimits.LongestWait"/>).</summary>
internal sealed class Patience(TimeProvider time)
{
    private long began = time.GetTimestamp();

    /// <summary>Whether the time is over.</summary>
    public bool IsOver => time.GetElapsedTime(began) >= ManyLimits.LongestWait;

    /// <summary>Something went on: the time begins anew.</summary>
    public void Renew() => began = time.GetTimestamp();
}
