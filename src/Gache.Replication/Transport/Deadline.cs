namespace Gache.Replication.Transport;

/// <summary>A moment by which something must be done.</summary>
internal readonly struct Deadline
{
    private readonly TimeProvider time;
    private readonly long begin;
    private readonly TimeSpan span;

    private Deadline(TimeProvider time, TimeSpan span)
    {
        this.time = time;
        this.span = span;
        begin = time.GetTimestamp();
    }

    public TimeSpan Remaining => span - time.GetElapsedTime(begin);

    public static Deadline In(TimeProvider time, TimeSpan span) => new(time, span);

    public Deadline AtMost(TimeSpan limit)
    {
        TimeSpan remaining = Remaining;
        return new Deadline(time, remaining < limit ? remaining : limit);
    }
}
