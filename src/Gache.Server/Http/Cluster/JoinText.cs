using System.Buffers;
using System.Text.Json;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Gache.Server.Options;

namespace Gache.Server.Http.Cluster;

/// <summary>How a join is written: by the joiner, and by the member that passes it on.</summary>
internal static class JoinText
{
    /// <summary>The largest request or answer that is read, in bytes: every second slot, as pairs, takes about 115 KiB.</summary>
    public const int MaxBytes = JsonBody.MaxBytes;

    /// <summary>Writes a request.</summary>
    public static byte[] Write(JoinRequest request)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("addr", request.RaftAddress);
            if (!request.Node.IsNone) json.WriteString("id", request.Node.ToString());
            if (request.ApiAddress is { } api) json.WriteString("api", api);
            if (!request.Cluster.IsNone) json.WriteString("cluster", request.Cluster.ToString());
            if (!request.Shard.IsNone) json.WriteString("shard", request.Shard.ToString());
            if (request.Slots is { } slots)
            {
                json.WritePropertyName("slots");
                ClusterPage.WriteSlots(json, slots.Ranges);
            }

            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    /// <summary>Reads a request; what it does not know it skips, as a newer joiner may say more.</summary>
    /// <returns>Null if it is good, else what is wrong.</returns>
    public static string? Read(ReadOnlyMemory<byte> body, out JoinRequest request)
    {
        request = new JoinRequest("", default, null, default, default);
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return "the body is a JSON object";

            NodeId node = default;
            ClusterId cluster = default;
            ShardId shard = default;
            string? api = null;
            string address = "";
            SlotSet? slots = null;
            foreach (JsonProperty field in json.RootElement.EnumerateObject())
            {
                if (field.NameEquals("slots"))
                {
                    if (ReadSlots(field.Value, out slots) is { } words) return words;
                    continue;
                }

                if (!IsKnown(field)) continue;
                if (field.Value.ValueKind != JsonValueKind.String) return $"'{field.Name}' is a string";
                string text = field.Value.GetString()!;
                switch (field.Name)
                {
                    case "addr": address = text; break;
                    case "api": api = text; break;
                    case "id" when NodeId.TryParse(text, out node): break;
                    case "cluster" when ClusterId.TryParse(text, out cluster): break;
                    case "shard" when ShardId.TryParse(text, out shard): break;
                    default: return $"'{field.Name}' is 32 hexadecimal digits";
                }
            }

            request = new JoinRequest(address, node, api, cluster, shard) { Slots = slots };
            return AddressWords(request);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return "the body is not JSON";
        }
    }

    /// <summary>What is wrong with the addresses of a request, or null.</summary>
    public static string? AddressWords(JoinRequest request)
    {
        if (!Addresses.TryParse(request.RaftAddress, out _)) return "'addr' is the joiner's raft address, host:port";
        return request.ApiAddress is { } api && !Addresses.TryParse(api, out _) ? "'api' is the joiner's API address, host:port" : null;
    }

    private static bool IsKnown(JsonProperty field) =>
        field.NameEquals("addr") || field.NameEquals("api") || field.NameEquals("id") || field.NameEquals("cluster") || field.NameEquals("shard");

    /// <summary>Slots are a list of pairs, first and last.</summary>
    internal static string? ReadSlots(JsonElement json, out SlotSet? slots)
    {
        const string Form = "'slots' is a list of pairs, [[first,last],…], within 0 and 16383";
        slots = null;
        if (json.ValueKind != JsonValueKind.Array) return Form;
        var read = new SlotSet();
        foreach (JsonElement pair in json.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2) return Form;
            if (pair[0].ValueKind != JsonValueKind.Number || pair[1].ValueKind != JsonValueKind.Number) return Form;
            if (!pair[0].TryGetInt32(out int first) || !pair[1].TryGetInt32(out int last)) return Form;
            if (first < 0 || last >= Slot.Count || first > last) return Form;
            read.AddRange(first, last);
        }

        slots = read;
        return null;
    }
}
