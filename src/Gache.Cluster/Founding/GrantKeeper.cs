using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

/// <summary>Answers new shards that ask for slots: the founding shard's log decides, first come, and everybody else names its leader.</summary>
internal sealed class GrantKeeper(Func<Replica?> replica, Func<ClusterView> view, ILogger logger)
{
    public void Handle(ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer) => _ = HandleAsync(body, answer);

    private async Task HandleAsync(ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        GrantAnswer said;
        try
        {
            said = GrantRequest.Parse(body.Span) is { } request
                ? await DecideAsync(request).ConfigureAwait(false)
                : new GrantAnswer(GrantVerdict.Later, default, "", "the request cannot be read by this version");
        }
        catch (OperationCanceledException)
        {
            said = new GrantAnswer(GrantVerdict.Later, default, "", "the founding shard's leader is stopping or loading a snapshot");
        }

        answer(said.Encode());
    }

    private async Task<GrantAnswer> DecideAsync(GrantRequest request)
    {
        ClusterView known = view();
        if (replica() is not { } founding || founding.Status.Role != ReplicaRole.Leader) return Elsewhere(known); // read once: it may be gone any time
        if (!await founding.InspectAsync(store => store.IsFounding).ConfigureAwait(false)) return Elsewhere(known);
        ClusterId cluster = founding.Status.Cluster;
        WriteAnswer written = await founding.WriteAsync(new SlotsCommand(CommandKind.Grant, request.Shard, false, request.Slots).Encode()).ConfigureAwait(false);
        if (written.Refusal is null)
        {
            logger.Granted(request.Slots, request.Shard);
            return new GrantAnswer(GrantVerdict.Granted, cluster, "", "");
        }

        if (written.Refusal.Code != RefusalCode.Outdated) return new GrantAnswer(GrantVerdict.Later, cluster, "", written.Refusal.Detail);
        ShardId self = founding.Status.Shard;
        (bool isFounding, bool isClosed, ShardId holder, SlotSet? slots) = await founding.InspectAsync(store =>
        {
            ShardId who = store.HolderOf(request.Slots, request.Shard, self);
            return (store.IsFounding, store.AreGrantsClosed, who, store.Granted.GetValueOrDefault(who));
        }).ConfigureAwait(false);
        if (!isFounding) return Elsewhere(known); // it had not applied its log yet when it was looked at first
        if (holder.IsNone && isClosed)
            return new GrantAnswer(GrantVerdict.Taken, cluster, "", "the founding shard was recovered from one member's folder and may have forgotten grants, so it grants slots to nobody new: start with --cluster-slot none, and move slots here");
        if (holder.IsNone) return new GrantAnswer(GrantVerdict.Taken, cluster, "", $"shard {request.Shard} was granted other slots before, or the cluster has the most shards it can have");
        return new GrantAnswer(GrantVerdict.Taken, cluster, "", Words(request, holder, slots, known));
    }

    private static string Words(GrantRequest request, ShardId holder, SlotSet? slots, ClusterView known)
    {
        IEnumerable<string> where = known.Nodes.Where(n => n.Record.Shard == holder).Select(n => n.Record.ApiAddress);
        return $"slots {request.Slots} were asked for, and shard {holder} ({string.Join(", ", where)}) holds {slots?.ToString() ?? "some of them"} since it was founded";
    }

    private static GrantAnswer Elsewhere(ClusterView known)
    {
        NodeView? leader = known.Nodes.FirstOrDefault(n => n is { IsAlive: true, Record: { IsFoundingShard: true, Role: NodeRole.Leader } });
        return leader is not null
            ? new GrantAnswer(GrantVerdict.Later, known.Cluster, leader.Record.ClusterAddress, "the founding shard's leader is asked next")
            : new GrantAnswer(GrantVerdict.Later, known.Cluster, "", "no leader of the founding shard is known yet");
    }
}
