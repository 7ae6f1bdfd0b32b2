using Gache.Cluster;
using Gache.Primitives;
using Gache.Server.Http.Cluster.Operate;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;

namespace Gache.Server.Http.Many;

/// <summary>Carries out lines of a batch at the leaders of their slots: one call a leader and round, lines for one key in their order.</summary>
internal sealed class BatchRun(ManyWork work, SlotPlaces places, Elsewhere elsewhere)
{
    /// <summary>Carries lines out; each is decided when it returns.</summary>
    public async Task RunAsync(IShard own, IReadOnlyList<BatchLine> lines)
    {
        var patience = new Patience(TimeProvider.System);
        List<BatchLine> open = [.. lines.Where(line => !line.IsDone)];
        while (open.Count > 0)
        {
            Dictionary<NodeId, (ClusterPeer? Peer, List<BatchLine> Lines)> groups = Group(own, open, out Declined? nowhere);
            Declined?[] refused = await Task.WhenAll(groups.Values.Select(group => RunAsync(own, group.Peer, group.Lines))).ConfigureAwait(false);
            int before = open.Count;
            open.RemoveAll(line => line.IsDone);
            if (open.Count < before)
            {
                patience.Renew();
                continue;
            }

            if (await places.WaitAsync(patience).ConfigureAwait(false)) continue;
            Declined why = nowhere ?? refused.FirstOrDefault(one => one is not null) ?? new Declined(ProblemTable.NoLeader, "no leader was found in time");
            foreach (BatchLine line in open) line.Fail(why.Problem, why.Detail);
            return;
        }
    }

    /// <summary>Splits lines by the leaders of their slots. All lines of one slot, and so of one key, go the same way in one round.</summary>
    private Dictionary<NodeId, (ClusterPeer? Peer, List<BatchLine> Lines)> Group(IShard own, List<BatchLine> open, out Declined? nowhere)
    {
        nowhere = null;
        var bySlot = new Dictionary<int, SlotPlace>();
        var groups = new Dictionary<NodeId, (ClusterPeer? Peer, List<BatchLine> Lines)>();
        foreach (BatchLine line in open)
        {
            if (!bySlot.TryGetValue(line.Slot, out SlotPlace place)) bySlot.Add(line.Slot, place = places.Find(own, line.Slot));
            if (place.Nowhere is { } why)
            {
                if (why.Problem == ProblemTable.SlotsUnassigned) line.Fail(why.Problem, why.Detail);
                else nowhere = why;
                continue;
            }

            NodeId at = place.Peer?.Node ?? default;
            if (!groups.TryGetValue(at, out (ClusterPeer? Peer, List<BatchLine> Lines) group)) groups.Add(at, group = (place.Peer, []));
            group.Lines.Add(line);
        }

        return groups;
    }

    /// <summary>Lets one leader carry out its lines.</summary>
    /// <returns>Why some of them are still open; null if none is, or they only wait for their turn.</returns>
    private async Task<Declined?> RunAsync(IShard own, ClusterPeer? peer, List<BatchLine> lines)
    {
        StepEnd[] ends = await work.RunAsync(own, peer, [.. lines.Select(line => line.Give())]).ConfigureAwait(false);
        Declined? refused = null;

        // From the last one back: what was refused may be asked for elsewhere only if nothing later on the same key was, or may have been, carried out.
        var carriedOut = new HashSet<ReadOnlyMemory<byte>>(KeyBytes.Comparer);
        for (int i = lines.Count - 1; i >= 0; i--)
        {
            StepEnd end = ends[i];
            bool isAskedAgain = end.Kind == StepEndKind.Deferred || (elsewhere.Cluster is not null && end.MayGoElsewhere && !carriedOut.Contains(lines[i].Key));
            if (isAskedAgain)
            {
                if (end.Answer.Refusal is { } why) refused = Declined.Of(why);
                continue;
            }

            lines[i].End(end);
            bool surelyNot = end.Answer.Refusal is { } told && RefusalAnswer.ProblemOf(told.Code).Outcome == Outcomes.NotApplied;
            if (!surelyNot) carriedOut.Add(lines[i].Key);
        }

        return refused;
    }

}
