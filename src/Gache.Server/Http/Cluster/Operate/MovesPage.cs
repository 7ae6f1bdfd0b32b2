using Gache.Primitives;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary><c>GET /cluster/moves</c>: the slots that are between two shards, as each shard's leader tells; <c>?shard=</c> of one shard alone.</summary>
internal sealed class MovesPage(ShardLeaders leaders, Elsewhere elsewhere)
{
    private const string Path = "/cluster/moves";
    private const string ShardParameter = "shard=";

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context, IShard shard, ReadOnlySpan<char> query)
    {
        if (Page.RefuseUnlessRead(context) is { } refused) return refused;
        if (query.IsEmpty) return elsewhere.Cluster is null ? OfOneAsync(context, shard, shard.Status.Shard, isInner: false) : OfAllAsync(context, shard);
        return query.StartsWith(ShardParameter) && ShardId.TryParse(query[ShardParameter.Length..].ToString(), out ShardId one)
            ? OfOneAsync(context, shard, one, isInner: true)
            : ProblemAnswer.SendAsync(context, ProblemTable.ParameterUnknown, $"GET {Path} takes shard=ID and nothing else");
    }

    private async Task OfOneAsync(HttpContext context, IShard own, ShardId shard, bool isInner)
    {
        LeaderPlace place = leaders.Find(own, shard);
        if (!place.IsHere)
        {
            await leaders.PassOnAsync(context, place, shard, default).ConfigureAwait(false);
            return;
        }

        (MoveList? list, Declined? declined) = await ShardMoves.ListAsync(own).ConfigureAwait(false);
        await (list is not null
            ? Page.SendAsync(context, Headers.Json, isInner ? MoveText.OfShard(list) : MoveText.List(list.Leaving.Concat(list.Importing), list.Left + list.Importing.Count, []))
            : declined!.SendAsync(context)).ConfigureAwait(false);
    }

    private async Task OfAllAsync(HttpContext context, IShard own)
    {
        HashSet<ShardId> shards = [.. elsewhere.Cluster!.Map.Shards];
        if (own.Status.Shard is { IsNone: false } mine) shards.Add(mine);
        (ShardId Shard, MoveList? List)[] told = await Task.WhenAll(shards.Order().Select(async shard => (shard, await AskAsync(context, own, shard).ConfigureAwait(false)))).ConfigureAwait(false);

        Dictionary<ShardId, MoveList> lists = told.Where(one => one.List is not null).ToDictionary(one => one.Shard, one => one.List!);
        IEnumerable<SlotMove> moves = lists.Values.SelectMany(list => list.Leaving);
        List<SlotMove> orphans = [.. lists.Values.SelectMany(list => list.Importing).Where(move => !IsTold(lists, move))];
        await Page.SendAsync(context, Headers.Json, MoveText.List(
            orphans.Concat(moves).OrderBy(move => move.Slot), lists.Values.Sum(list => list.Left) + orphans.Count, [.. told.Where(one => one.List is null).Select(one => one.Shard)])).ConfigureAwait(false);
    }

    /// <summary>Whether the source tells of a slot that its target receives, or may do so beyond what it lists.</summary>
    private static bool IsTold(Dictionary<ShardId, MoveList> lists, SlotMove move) =>
        lists.TryGetValue(move.From, out MoveList? source) && (source.Left > source.Leaving.Count || source.Leaving.Any(leaving => leaving.Slot == move.Slot));

    private async Task<MoveList?> AskAsync(HttpContext context, IShard own, ShardId shard)
    {
        LeaderPlace place = leaders.Find(own, shard);
        if (place.IsHere) return (await ShardMoves.ListAsync(own).ConfigureAwait(false)).List;
        (ForwardedAnswer? answer, _) = await leaders.AskAsync(context, place, shard, HttpMethods.Get, $"{Path}?{ShardParameter}{shard}", default).ConfigureAwait(false);
        return answer?.Status == StatusCodes.Status200OK ? MoveText.ReadOfShard(answer.Body) : null;
    }
}
