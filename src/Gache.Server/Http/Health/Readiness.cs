using System.Globalization;
using Gache.Replication;

namespace Gache.Server.Http.Health;

/// <summary>Whether a node should get traffic, and what speaks against it.</summary>
/// <param name="Reasons">What speaks against it, one sentence each; empty if the node is ready.</param>
/// <param name="Warnings">What an operator should look at and does not speak against it.</param>
internal sealed record Readiness(IReadOnlyList<string> Reasons, IReadOnlyList<string> Warnings)
{
    /// <summary>A replica this far behind the commit still counts as ready.</summary>
    public const ulong MaxLagEntries = 1_000;

    /// <summary>Puts are refused at the store's bound; from here on it is said beforehand.</summary>
    public const int WarnMemoryPercent = 85;

    /// <summary>True if nothing speaks against it.</summary>
    public bool IsReady => Reasons.Count == 0;

    /// <summary>Judges a replica's status; null while there is no replica yet.</summary>
    public static Readiness Of(ReplicaStatus? status, bool isStopping)
    {
        List<string> reasons = [];
        if (isStopping) reasons.Add("shutting down");
        if (status is null)
        {
            reasons.Add("starting");
            return new Readiness(reasons, []);
        }

        if (status.Role != ReplicaRole.Outside && !status.IsLeaderHeard) reasons.Add("no leader");

        ulong behind = status.CommitIndex > status.AppliedIndex ? status.CommitIndex - status.AppliedIndex : 0;
        if (behind > MaxLagEntries) reasons.Add(string.Create(CultureInfo.InvariantCulture, $"behind by {behind} entries"));
        if (!status.MayServe)
        {
            if (status.Alarms.Count > 0) reasons.AddRange(status.Alarms);
            else if (reasons.Count == 0) reasons.Add("in no shard yet");
        }

        return new Readiness(reasons, WarningsOf(status));
    }

    private static List<string> WarningsOf(ReplicaStatus status)
    {
        List<string> warnings = status.MayServe ? [.. status.Alarms] : [];
        if (status.MaxStoreBytes > 0 && status.StoreBytes >= status.MaxStoreBytes / 100 * WarnMemoryPercent)
        {
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"memory: {status.StoreBytes} of {status.MaxStoreBytes} bytes; puts are refused at the bound (--max-memory)"));
        }

        return warnings;
    }
}
