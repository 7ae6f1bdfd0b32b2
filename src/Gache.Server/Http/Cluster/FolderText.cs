using System.Buffers;
using System.Text.Json;
using Gache.Primitives;
using Gache.Replication;

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
            json.WriteEndObject();
        }

        body.Write("\n"u8);
        return body.WrittenMemory;
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
            return new FolderReport(node, Text(root, "api") ?? "", empty.GetBoolean(), shard, Text(root, "first"));
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException)
        {
            return FolderReport.Unclear;
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
