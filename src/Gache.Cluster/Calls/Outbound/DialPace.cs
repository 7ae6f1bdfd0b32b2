using Gache.Replication.Transport;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster.Calls.Outbound;

/// <summary>How soon an address is dialled again, and what about it is news.</summary>
internal sealed class DialPace(TimeProvider time)
{
    private readonly OncePerReason said = new(time);
    private long lastDial;
    private TimeSpan pause = TimeSpan.Zero;

    /// <summary>Waits until it may be dialled, and counts this as a dial; ends at once when all stops.</summary>
    public async Task WaitAsync(CancellationToken stopped)
    {
        TimeSpan left = lastDial == 0 ? TimeSpan.Zero : pause - time.GetElapsedTime(lastDial);
        if (left > TimeSpan.Zero) await Task.Delay(left, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lastDial = time.GetTimestamp();
        pause = pause == TimeSpan.Zero ? CallTimes.FirstRedial : pause * 2 < CallTimes.LastRedial ? pause * 2 : CallTimes.LastRedial;
    }

    /// <summary>Something was answered there: the next dial need not wait, and the next fault is news.</summary>
    public void Succeeded()
    {
        pause = TimeSpan.Zero;
        said.Forget("");
    }

    /// <summary>True the first time since something was answered.</summary>
    public bool IsNews(string fault) => said.IsNew("", fault);

    /// <summary>How to say that nobody could be reached: see <see cref="OncePerReason.LevelOf"/>.</summary>
    public LogLevel LevelOf(string fault) => said.LevelOf("", fault);
}
