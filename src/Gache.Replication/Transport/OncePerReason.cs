using Microsoft.Extensions.Logging;

namespace Gache.Replication.Transport;

/// <summary>Remembers what was said, so that what goes wrong four times a second is logged once.</summary>
internal sealed class OncePerReason(TimeProvider time)
{
    /// <summary>What goes wrong for longer is worth a warning: nodes that start, or start anew, are there sooner.</summary>
    public static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    private const int MaxRemembered = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Subject, string Reason), (long Since, bool IsWarned)> said = [];

    /// <summary>True the first time.</summary>
    public bool IsNew(string subject, string reason)
    {
        lock (gate) return Add(subject, reason);
    }

    /// <summary>How to say what goes wrong again and again: in passing the first time, as a warning once it has lasted, otherwise not at all.</summary>
    public LogLevel LevelOf(string subject, string reason)
    {
        lock (gate)
        {
            if (Add(subject, reason)) return LogLevel.Information;
            (long since, bool isWarned) = said[(subject, reason)];
            if (isWarned || time.GetElapsedTime(since) < Lasting) return LogLevel.None;
            said[(subject, reason)] = (since, true);
            return LogLevel.Warning;
        }
    }

    /// <summary>All is well again with this subject: what goes wrong next is news.</summary>
    public void Forget(string subject)
    {
        lock (gate)
        {
            foreach ((string Subject, string Reason) one in said.Keys)
                if (one.Subject == subject) said.Remove(one);
        }
    }

    private bool Add(string subject, string reason)
    {
        if (said.Count >= MaxRemembered) said.Clear(); // said twice is better than memory without bound
        return said.TryAdd((subject, reason), (time.GetTimestamp(), false));
    }
}
