using System.Globalization;
using Gache.Cluster;
using Gache.Replication;

namespace Gache.Server.Http.Health;

/// <summary>Whether a node should get traffic, and what speaks against it.</summary>
/// <param name="Reasons">What speaks against it, one sentence each; empty if the node is ready.</param>
/// <param name="Warnings">What an operator should look at and does not speak against it.</param>
internal sealed record Readiness(IReadOnlyList<string> Reasons, IReadOnlyList<string> Warnings)
{
    /// <summary>A replica this far behind what its shard has committed still counts as ready, and so does one that is less than a second behind.</summary>
    public const ulong MaxLagEntries = 1_000;

    /// <summary>Puts are refused at the store's bound; from here on it is said beforehand.</summary>
    public const int WarnMemoryPercent = 85;

    private const int MaxNamed = 8;

    /// <summary>True if nothing speaks against it.</summary>
    public bool IsReady => Reasons.Count == 0;

    /// <summary>What <c>/readyz</c> says, a line each.</summary>
    public IEnumerable<string> Lines => (IsReady ? ["ready"] : Reasons).Concat(Warnings.Select(warning => $"warning: {warning}"));

    /// <summary>Judges a replica's status; null while there is no replica yet.</summary>
    public static Readiness Of(ReplicaStatus? status, bool isStopping, ClusterNode? cluster = null, bool isOfCluster = false)
    {
        List<string> reasons = [];
        if (isStopping) reasons.Add("shutting down");
        if (status is null)
        {
            reasons.Add("starting");
            return new Readiness(reasons, []);
        }

        if (!status.Shard.IsNone && !status.IsLeaderHeard) reasons.Add(LeaderWords(status));
        if (!status.Shard.IsNone && LagWords(status) is { } lag) reasons.Add(lag);
        if (isOfCluster && cluster?.Map.Unassigned() is { Count: > 0 } unassigned) reasons.Add($"slots without owner: {unassigned}");
        else if (isOfCluster && cluster?.Map.Unreachable() is { Count: > 0 } unreachable) reasons.Add($"slots whose owner has no leader: {unreachable}");
        bool onlyRoutes = cluster is { RoutesOnly: true };
        if (onlyRoutes && cluster!.Map.Shards.Count == 0) reasons.Add("no node of the cluster was reached yet");
        else if (onlyRoutes && !cluster!.Map.HasLeader) reasons.Add("no live leader of any shard is known");
        if (!status.MayServe && !onlyRoutes)
        {
            if (status.Alarms.Count > 0) reasons.AddRange(status.Alarms);
            else if (reasons.Count == 0) reasons.Add("in no shard yet");
        }

        return new Readiness(reasons, [.. WarningsOf(status), .. cluster?.Warnings ?? []]);
    }

    /// <summary>Who is missing tells an operator what to start.</summary>
    private static string LeaderWords(ReplicaStatus status)
    {
        MemberStatus[] missing = [.. status.Members.Where(member => member.IsReachable is false)];
        string more = missing.Length > MaxNamed ? string.Create(CultureInfo.InvariantCulture, $" and {missing.Length - MaxNamed} more") : "";
        return missing.Length == 0 ? "no leader" : $"no leader; not reachable: {string.Join(", ", missing.Take(MaxNamed).Select(member => member.ApiAddress))}{more}";
    }

    private static string? LagWords(ReplicaStatus status)
    {
        if (status.IsLoading) return "loading a snapshot from the leader";
        ulong behind = status.ShardCommitIndex - Math.Min(status.ShardCommitIndex, status.AppliedIndex);
        bool isSecondAgoApplied = status.AppliedIndex >= status.ShardCommitIndexSecondAgo; // false while that is not known
        if (behind > MaxLagEntries && !isSecondAgoApplied) return string.Create(CultureInfo.InvariantCulture, $"behind by {behind} entries");
        return status.HasCaughtUp ? null : string.Create(CultureInfo.InvariantCulture, $"catching up since its start: behind by {behind} entries");
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
