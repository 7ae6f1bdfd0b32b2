using System.Buffers;
using System.Text.Json;
using Gache.Cluster;
using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http.Cluster;

/// <summary><c>/cluster</c>: an array with one object a shard, the five fields of the original program first.</summary>
internal sealed class ClusterPage(ApiSettings settings)
{
    /// <summary>Answers; an empty array while the node is in no shard and knows none.</summary>
    public Task AnswerAsync(HttpContext context, ReplicaStatus? status, ClusterNode? cluster)
    {
        if (Page.RefuseUnlessRead(context) is { } refused) return refused;

        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartArray();
            foreach (ShardPicture shard in ShardPicture.All(status, cluster, settings.AdvertisedApi)) WriteShard(json, shard);
            json.WriteEndArray();
        }

        body.Write("\n"u8);
        return Page.SendAsync(context, Headers.Json, body.WrittenMemory);
    }

    private static void WriteShard(Utf8JsonWriter json, ShardPicture shard)
    {
        json.WriteStartObject();
        json.WriteString("apiAddr", shard.ApiAddress);
        json.WriteString("addr", shard.RaftAddress);
        json.WriteNumber("slotBegin", shard.Slots.Count > 0 ? shard.Slots[0].First : -1);
        json.WriteNumber("slotEnd", shard.Slots.Count > 0 ? shard.Slots[0].Last : -1);
        json.WriteString("leader", shard.LeaderApi);
        json.WriteString("shard", shard.Shard.ToString());
        json.WriteString("cluster", shard.Cluster.ToString());
        json.WriteNumber("epoch", shard.Slots.Count > 0 ? shard.Slots.Max(range => range.Epoch) : 0);
        json.WriteNumber("term", shard.Term);
        json.WritePropertyName("slots");
        WriteSlots(json, shard.Slots.Select(range => (range.First, range.Last)));
        json.WriteStartArray("members");
        foreach (MemberPicture member in shard.Members) WriteMember(json, member);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Slots as a list of pairs; ranges that touch are one.</summary>
    internal static void WriteSlots(Utf8JsonWriter json, IEnumerable<(int First, int Last)> ranges)
    {
        var set = new SlotSet();
        foreach ((int first, int last) in ranges) set.AddRange(first, last);
        json.WriteStartArray();
        foreach ((int first, int last) in set.Ranges)
        {
            json.WriteStartArray();
            json.WriteNumberValue(first);
            json.WriteNumberValue(last);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void WriteMember(Utf8JsonWriter json, MemberPicture member)
    {
        json.WriteStartObject();
        json.WriteString("id", member.Node.ToString());
        json.WriteString("addr", member.RaftAddress);
        json.WriteString("apiAddr", member.ApiAddress);
        if (member.ClusterAddress.Length > 0) json.WriteString("clusterAddr", member.ClusterAddress);
        json.WriteString("role", member.Role);
        if (member.LagEntries is { } lag) json.WriteNumber("lag", lag);
        else json.WriteNull("lag");
        if (member.IsReachable is { } reachable) json.WriteBoolean("reachable", reachable);
        else json.WriteNull("reachable");
        json.WriteEndObject();
    }
}
