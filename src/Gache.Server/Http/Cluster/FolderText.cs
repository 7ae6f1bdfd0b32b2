using System.Buffers;
using System.Text.Json;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Options;

namespace Gache.Server.Http.Cluster;

/// <summary>How a node's report of its folder is written, and read by the one that asked.</summary>
internal static class FolderText
{
    /// <summary>Writes a report.</summary>
    public static ReadOnlyMemory<byte> Write(FolderReport report)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("id", report.Node.ToString());
            json.WriteString("api", report.ApiAddress);
            json.WriteBoolean("empty", report.IsEmpty);
            if (!report.Shard.IsNone) json.WriteString("shard", report.Shard.ToString());
            if (report.First is { } first) json.WriteString("first", first);
            if (report.Objection is { } objection) json.WriteString("objection", objection);
            if (report.Consent is { } consent)
            {
                json.WritePropertyName("consent");
                Write(json, consent);
            }

            json.WriteEndObject();
        }

        body.Write("\n"u8);
        return body.WrittenMemory;
    }

    /// <summary>Writes the founding that a node is asked to agree to.</summary>
    public static byte[] Write(FoundingConsent wanted)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body)) Write(json, wanted);
        return body.WrittenSpan.ToArray();
    }

    /// <summary>Reads the founding that this node is asked to agree to.</summary>
    /// <returns>Null if it is none.</returns>
    public static FoundingConsent? ReadConsent(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return ReadConsent(json.RootElement);
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Reads a report; what it does not know it skips, as a newer node may say more.</summary>
    /// <returns><see cref="FolderReport.Unclear"/> unless all that counts is there.</returns>
    public static FolderReport Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !NodeId.TryParse(Text(root, "id"), out NodeId node) || node.IsNone) return FolderReport.Unclear;
            if (!root.TryGetProperty("empty", out JsonElement empty) || empty.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return FolderReport.Unclear;
            _ = ShardId.TryParse(Text(root, "shard"), out ShardId shard);
            FoundingConsent? consent = null;
            if (root.TryGetProperty("consent", out JsonElement given) && (consent = ReadConsent(given)) is null) return FolderReport.Unclear;
            return new FolderReport(node, Text(root, "api") ?? "", empty.GetBoolean(), shard, Text(root, "first"))
            {
                Objection = Text(root, "objection"), Consent = consent,
            };
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException)
        {
            return FolderReport.Unclear;
        }
    }

    private static void Write(Utf8JsonWriter json, FoundingConsent consent)
    {
        json.WriteStartObject();
        json.WriteString("shard", consent.Shard.ToString());
        json.WriteString("id", consent.Founder.ToString());
        json.WriteString("api", consent.ApiAddress);
        json.WriteEndObject();
    }

    private static FoundingConsent? ReadConsent(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && ShardId.TryParse(Text(json, "shard"), out ShardId shard) && !shard.IsNone
        && NodeId.TryParse(Text(json, "id"), out NodeId founder) && !founder.IsNone && Text(json, "api") is { } api && Addresses.TryParse(api, out _)
            ? new FoundingConsent(shard, founder, api) : null;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
