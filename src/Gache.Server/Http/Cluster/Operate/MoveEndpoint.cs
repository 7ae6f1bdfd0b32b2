using System.Globalization;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;
using Gache.Store;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary><c>/cluster/move</c>: POST lets slots leave for another shard, DELETE keeps those not handed over yet.</summary>
/// <remarks>
/// A request names slots of any shards; it is split by owner, and each owner's leader gets its part, which names the shard (<c>from</c>). The
/// split is a hint as all routing is: the owner's log decides, and takes its part whole or not at all.
/// </remarks>
internal sealed class MoveEndpoint(ShardLeaders leaders, Elsewhere elsewhere)
{
    private const string Path = "/cluster/move";

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard)
    {
        bool isPost = context.Request.Method == HttpMethods.Post;
        if (!isPost && context.Request.Method != HttpMethods.Delete)
        {
            context.Response.Headers.Allow = "POST, DELETE";
            await ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, $"{Path} takes POST and DELETE").ConfigureAwait(false);
            return;
        }

        OperatorBody? body = isPost
            ? await OperatorBody.TakeAsync(context, "slots", "to", "from").ConfigureAwait(false)
            : await OperatorBody.TakeAsync(context, "slots", "from").ConfigureAwait(false);
        if (body is null) return;
        if (body.Fields.Slots is not { Count: > 0 } slots || !body.Fields.TryShard("to", out ShardId to) || !body.Fields.TryShard("from", out ShardId from) || to.IsNone == isPost)
        {
            string form = isPost ? """{"slots":[[first,last],…],"to":"SHARD"}""" : """{"slots":[[first,last],…]}""";
            await ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, $"the body is {form}, a shard's id has 32 hexadecimal digits").ConfigureAwait(false);
            return;
        }

        ShardId? target = isPost ? to : null;
        if (isPost && !IsKnown(shard, to))
            await ProblemAnswer.SendAsync(context, ProblemTable.ShardUnknown, $"no shard {to} is known here; GET /cluster tells the shards").ConfigureAwait(false);
        else if (elsewhere.Cluster is not { } cluster)
            await OfOneAsync(context, shard, shard.Status.Shard, slots, target, body.Bytes).ConfigureAwait(false);
        else if (!from.IsNone)
            await OfOneAsync(context, shard, from, slots, target, body.Bytes).ConfigureAwait(false);
        else
            await OfManyAsync(context, shard, cluster.Map, slots, target).ConfigureAwait(false);
    }

    private bool IsKnown(IShard own, ShardId shard) => own.Status.Shard == shard || elsewhere.Cluster?.Knows(shard) == true;

    /// <summary>All slots are one shard's: its leader carries it out.</summary>
    private async Task OfOneAsync(HttpContext context, IShard own, ShardId shard, SlotSet slots, ShardId? to, ReadOnlyMemory<byte> body)
    {
        LeaderPlace place = leaders.Find(own, shard);
        if (!place.IsHere && shard != to)
        {
            await leaders.PassOnAsync(context, place, shard, body).ConfigureAwait(false);
            return;
        }

        (int count, Declined? declined) = await CarryOutAsync(own, shard, slots, to).ConfigureAwait(false);
        await (declined is null ? AcceptAsync(context, to, count) : (to is null && count > 0 ? Partly(count, to, [declined]) : declined).SendAsync(context)).ConfigureAwait(false);
    }

    private async Task OfManyAsync(HttpContext context, IShard own, SlotMap map, SlotSet slots, ShardId? to)
    {
        (Dictionary<ShardId, SlotSet> parts, Declined? wrong) = Split(map, slots, to);
        if (wrong is not null)
        {
            await wrong.SendAsync(context).ConfigureAwait(false);
            return;
        }

        (int Count, Declined? Declined)[] ends = await Task.WhenAll(parts.Select(part => PartAsync(context, own, part.Key, part.Value, to))).ConfigureAwait(false);
        int count = ends.Sum(end => end.Count);
        List<Declined> declined = [.. ends.Select(end => end.Declined).OfType<Declined>()];
        bool isNothingDone = count == 0 && declined.Count == ends.Length && declined.TrueForAll(one => one.Problem.Outcome == Outcomes.NotApplied);
        await (declined.Count == 0 ? AcceptAsync(context, to, count) : (isNothingDone ? declined[0] : Partly(count, to, declined)).SendAsync(context)).ConfigureAwait(false);
    }

    private static (Dictionary<ShardId, SlotSet> Parts, Declined? Wrong) Split(SlotMap map, SlotSet slots, ShardId? to)
    {
        var parts = new Dictionary<ShardId, SlotSet>();
        foreach ((int first, int last) in slots.Ranges)
        {
            for (int slot = first; slot <= last; slot++)
            {
                (ShardId owner, _) = map.OwnerOf(slot);
                if (owner.IsNone) return (parts, new Declined(ProblemTable.SlotsUnassigned, $"no shard owns slot {slot} that could give it away"));
                if (owner == to) continue; // there already
                if (!parts.TryGetValue(owner, out SlotSet? part)) parts.Add(owner, part = new SlotSet());
                part.Add(slot);
            }
        }

        return (parts, parts.Count > 0 ? null : new Declined(ProblemTable.SlotsThere, $"shard {to} owns slots {slots} already"));
    }

    private async Task<(int Count, Declined? Declined)> PartAsync(HttpContext context, IShard own, ShardId shard, SlotSet slots, ShardId? to)
    {
        LeaderPlace place = leaders.Find(own, shard);
        if (place.IsHere) return await CarryOutAsync(own, shard, slots, to).ConfigureAwait(false);
        (ForwardedAnswer? answer, Declined? declined) =
            await leaders.AskAsync(context, place, shard, context.Request.Method, Path, MoveText.Request(slots, shard, to)).ConfigureAwait(false);
        if (answer is null) return (0, declined);
        return answer.Status is >= 200 and < 300 && MoveText.ReadCount(answer.Body, NameOf(to)) is { } count ? (count, null) : (0, Declined.Read(answer.Status, answer.Body));
    }

    private static async Task<(int Count, Declined? Declined)> CarryOutAsync(IShard own, ShardId shard, SlotSet slots, ShardId? to)
    {
        if (to == shard) return (0, new Declined(ProblemTable.SlotsThere, $"slots {slots} would move from shard {shard} to itself"));
        return to is { } target ? await ShardMoves.BeginAsync(own, slots, target).ConfigureAwait(false) : await ShardMoves.KeepAsync(own, slots).ConfigureAwait(false);
    }

    private static string NameOf(ShardId? to) => to is null ? "kept" : "moving";

    private static Task AcceptAsync(HttpContext context, ShardId? to, int count)
    {
        context.Response.StatusCode = to is null ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        return Page.SendAsync(context, Headers.Json, MoveText.Count(NameOf(to), count));
    }

    private static Declined Partly(int count, ShardId? to, List<Declined> declined) => new(
        ProblemTable.PartlyDone,
        string.Create(CultureInfo.InvariantCulture, $"{count} slots are {NameOf(to)}; of others it is not so, or not known: {string.Join("; ", declined.Select(one => one.Detail).Distinct())}. Ask again: what was done is not done twice"));
}
