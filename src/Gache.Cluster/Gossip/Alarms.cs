namespace Gache.Cluster;

/// <summary>Says each kind of alarm at most once a minute, however often its cause comes.</summary>
internal sealed class Alarms
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private readonly Dictionary<GossipAlarmKind, TimeSpan> saidAt = [];

    public event Action<GossipAlarm>? Raised;

    public void Raise(GossipAlarmKind kind, string detail, TimeSpan now)
    {
        if (saidAt.TryGetValue(kind, out TimeSpan said) && now - said < Every) return;
        saidAt[kind] = now;
        Raised?.Invoke(new GossipAlarm(kind, detail));
    }
}
