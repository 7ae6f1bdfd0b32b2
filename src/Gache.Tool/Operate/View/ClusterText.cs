using System.Globalization;
using Gache.Tool.Operate.Api;
using Gache.Tool.Terminals;

namespace Gache.Tool.Operate.View;

/// <summary>The cluster for people: a line a shard, a line a member.</summary>
internal static class ClusterText
{
    /// <summary>Ranges that are shown of what is usually little.</summary>
    private const int MaxRanges = 16;

    /// <summary>All lines.</summary>
    public static IEnumerable<string> Lines(ClusterView view, MovesJson? moves)
    {
        if (view.Shards.Count == 0) yield return "this node is in no shard yet";
        foreach (ShardJson shard in view.Shards)
        {
            IReadOnlyList<int> slots = ClusterView.SlotsOf(shard);
            yield return Invariant($"shard {ClusterView.Short(shard.Shard)}  slots {SlotRanges.Text(slots, MaxRanges)} ({slots.Count})  epoch {shard.Epoch}  term {shard.Term}{(shard.Leader.Length == 0 ? "  no leader" : "")}");
            int width = shard.Members.Length == 0 ? 0 : shard.Members.Max(member => member.Role.Length);
            foreach (MemberJson member in shard.Members) yield return Printable.Line(Line(member, width));
        }

        if (view.Shards.Count == 0) yield break;
        ShardJson?[] owners = view.Owners();
        int[] holes = [.. Enumerable.Range(0, owners.Length).Where(slot => owners[slot] is null)];
        if (holes.Length > 0) yield return Invariant($"slots without an owner: {SlotRanges.Text(holes, MaxRanges)} ({holes.Length})");
        if (moves is { Left: > 0 })
        {
            string states = string.Join(", ", moves.Moves.CountBy(move => move.State).Select(state => Invariant($"{state.Value} {state.Key}")));
            yield return Printable.Line(Invariant($"slots on their way: {moves.Left}{(states.Length > 0 ? $" ({states})" : "")}"));
        }
    }

    private static string Line(MemberJson member, int width)
    {
        string raft = string.IsNullOrEmpty(member.Raft) ? "" : $"  raft {member.Raft}";
        string cluster = string.IsNullOrEmpty(member.Cluster) ? "" : $"  cluster {member.Cluster}";
        string lag = member.Lag is > 0 and { } entries ? Invariant($"  behind by {entries}") : "";
        string reach = member.Reachable is false ? "  not reachable" : "";
        return $"  {ClusterView.Short(member.Id)}  {member.Role.PadRight(width)}  {member.Api}{raft}{cluster}{lag}{reach}";
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
