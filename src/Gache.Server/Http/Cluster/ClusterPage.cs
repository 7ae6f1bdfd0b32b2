using System.Buffers;
using System.Text.Json;
using Gache.Replication;

namespace Gache.Server.Http.Cluster;

/// <summary><c>/cluster</c>: an array with one object a shard, the five fields of the original program first.</summary>
internal sealed class ClusterPage(ApiSettings settings)
{
    /// <summary>A shard of one group owns them all.</summary>
    internal const int FirstSlot = 0;

    /// <summary>See <see cref="FirstSlot"/>.</summary>
    internal const int LastSlot = 16_383;

    /// <summary>Counts changes of a slot's owner; nothing moves slots yet, so it is the founder's.</summary>
    private const int Epoch = 1;

    /// <summary>Answers; an empty array while the node is in no shard.</summary>
    public Task AnswerAsync(HttpContext context, ReplicaStatus? status)
    {
        if (Page.RefuseUnlessRead(context) is { } refused) return refused;

        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartArray();
            if (status is { Shard.IsNone: false }) WriteShard(json, status);
            json.WriteEndArray();
        }

        body.Write("\n"u8);
        return Page.SendAsync(context, Headers.Json, body.WrittenMemory);
    }

    private void WriteShard(Utf8JsonWriter json, ReplicaStatus status)
    {
        // The shard is reached at its leader; without one, at the node that was asked.
        MemberStatus? known = status.Members.FirstOrDefault(member => member.Node == status.Leader)
            ?? status.Members.FirstOrDefault(member => member.Node == status.Node);
        json.WriteStartObject();
        json.WriteString("apiAddr", status.LeaderApi ?? known?.ApiAddress ?? settings.AdvertisedApi);
        json.WriteString("addr", known?.RaftAddress ?? "");
        json.WriteNumber("slotBegin", FirstSlot);
        json.WriteNumber("slotEnd", LastSlot);
        json.WriteString("leader", status.LeaderApi ?? "");
        json.WriteString("shard", status.Shard.ToString());
        json.WriteString("cluster", status.Cluster.ToString());
        json.WriteNumber("epoch", Epoch);
        json.WriteNumber("term", status.Term);
        json.WritePropertyName("slots");
        WriteSlots(json);
        json.WriteStartArray("members");
        foreach (MemberStatus member in status.Members) WriteMember(json, member);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The slots of the shard, as a list of pairs.</summary>
    internal static void WriteSlots(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        json.WriteStartArray();
        json.WriteNumberValue(FirstSlot);
        json.WriteNumberValue(LastSlot);
        json.WriteEndArray();
        json.WriteEndArray();
    }

    private static void WriteMember(Utf8JsonWriter json, MemberStatus member)
    {
        json.WriteStartObject();
        json.WriteString("id", member.Node.ToString());
        json.WriteString("addr", member.RaftAddress);
        json.WriteString("apiAddr", member.ApiAddress);
        json.WriteString("role", member.Role);
        if (member.LagEntries is { } lag) json.WriteNumber("lag", lag);
        else json.WriteNull("lag");
        if (member.IsReachable is { } reachable) json.WriteBoolean("reachable", reachable);
        else json.WriteNull("reachable");
        json.WriteEndObject();
    }
}
