using Gache.Replication.Transport;

namespace Gache.Cluster.Calls.Inbound;

/// <summary>Which lines about others' faults are written: one a <see cref="Period"/> for each peer and reason, and no flood even if a stranger invents peers.</summary>
internal sealed class Complaints(TimeProvider time)
{
    /// <summary>Lines in one <see cref="Period"/>, at most.</summary>
    public const int MaxLines = 30;

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private OncePerReason said = new(time);
    private long begin = time.GetTimestamp();
    private int lines;

    /// <summary>True if this is to be written.</summary>
    public bool IsNews(string peer, string reason)
    {
        lock (gate)
        {
            if (time.GetElapsedTime(begin) >= Period)
            {
                begin = time.GetTimestamp();
                said = new OncePerReason(time);
                lines = 0;
            }

            return lines < MaxLines && said.IsNew(peer, reason) && ++lines > 0;
        }
    }
}
