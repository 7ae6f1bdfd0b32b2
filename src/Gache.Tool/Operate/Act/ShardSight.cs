using Gache.Tool.Operate.Api;

namespace Gache.Tool.Operate.Act;

/// <summary>Sees one shard through whichever node answers: the one that was named may be the very one that goes.</summary>
/// <param name="asked">The API address that was named.</param>
/// <param name="shard">The shard's id.</param>
/// <param name="staying">API addresses of the members that stay.</param>
internal sealed class ShardSight(string asked, string shard, IReadOnlyList<string> staying)
{
    private string? from; // who showed the shard last

    /// <summary>The shard as its leader sees it, or where that cannot be asked from here as another node does.</summary>
    /// <returns>The shard, or null and the last answer.</returns>
    public async Task<(ShardJson? Shard, Reply Last)> LookAsync(CancellationToken end)
    {
        string first = from ?? asked;
        (ShardJson? seen, Reply last) = await LookAtAsync(first, end).ConfigureAwait(false);
        foreach (string at in staying.Prepend(asked).Where(at => at != first))
        {
            if (seen is not null) break;
            (seen, last) = await LookAtAsync(at, end).ConfigureAwait(false);
        }

        if (seen is null) return (null, last);
        from = last.From;
        if (seen.Leader.Length == 0 || seen.Leader == from) return (seen, last);
        // Only the leader knows who is heard, and how far behind.
        (ShardJson? led, _) = await LookAtAsync(seen.Leader, end).ConfigureAwait(false);
        return (led?.Leader == seen.Leader ? led : seen, last);
    }

    /// <summary>Asks for a change where the shard was seen last; any node passes it on to the leader.</summary>
    public async Task<Reply> SendAsync(Request request, CancellationToken end)
    {
        using var client = new ClusterClient(from ?? asked);
        return await client.SendAsync(request, end).ConfigureAwait(false);
    }

    private async Task<(ShardJson? Shard, Reply Reply)> LookAtAsync(string at, CancellationToken end)
    {
        using var client = new ClusterClient(at);
        Reply reply = await client.GetAsync("/cluster", end).ConfigureAwait(false);
        return (reply.IsSuccess && reply.Read(Wire.Default.ShardJsonArray) is { } shards ? shards.FirstOrDefault(seen => seen.Shard == shard) : null, reply);
    }
}
