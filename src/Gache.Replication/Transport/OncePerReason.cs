namespace Gache.Replication.Transport;

/// <summary>Remembers what was said, so that what goes wrong four times a second is logged once.</summary>
internal sealed class OncePerReason
{
    private const int MaxRemembered = 256;

    private readonly Lock gate = new();
    private readonly HashSet<(string Subject, string Reason)> said = [];

    /// <summary>True the first time.</summary>
    public bool IsNew(string subject, string reason)
    {
        lock (gate)
        {
            if (said.Count >= MaxRemembered) said.Clear(); // said twice is better than memory without bound
            return said.Add((subject, reason));
        }
    }

    /// <summary>All is well again with this subject: what goes wrong next is news.</summary>
    public void Forget(string subject)
    {
        lock (gate) said.RemoveWhere(s => s.Subject == subject);
    }
}
