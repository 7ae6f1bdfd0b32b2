using System.Text.Json;
using Gache.Primitives;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary>What an operator asked for, as JSON.</summary>
/// <param name="Bytes">The body as it came.</param>
/// <param name="Fields">Its fields: strings, and slots.</param>
internal sealed record OperatorBody(ReadOnlyMemory<byte> Bytes, OperatorFields Fields)
{
    /// <summary>Takes the body of a request that has this method and knows these fields.</summary>
    /// <returns>Null if the request was answered with what is wrong.</returns>
    public static async Task<OperatorBody?> TakeAsync(HttpContext context, params string[] known)
    {
        if (await JsonBody.TakeAsync(context, "an operator's request").ConfigureAwait(false) is not { } bytes) return null;
        string? wrong = Parse(bytes, known, out OperatorFields fields);
        if (wrong is null) return new OperatorBody(bytes, fields);
        await ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, wrong).ConfigureAwait(false);
        return null;
    }

    /// <summary>Reads the fields. What is not known is refused: here a misspelt word would be another wish.</summary>
    private static string? Parse(ReadOnlyMemory<byte> bytes, string[] known, out OperatorFields fields)
    {
        fields = new OperatorFields(new Dictionary<string, string>(), null);
        try
        {
            using var json = JsonDocument.Parse(bytes);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return "the body is a JSON object";
            var texts = new Dictionary<string, string>();
            SlotSet? slots = null;
            foreach (JsonProperty field in json.RootElement.EnumerateObject())
            {
                if (!known.Contains(field.Name)) return $"'{field.Name}' is not known here; there are {string.Join(", ", known)}";
                if (field.NameEquals("slots"))
                {
                    if (JoinText.ReadSlots(field.Value, out slots) is { } words) return words;
                }
                else if (field.Value.ValueKind != JsonValueKind.String || !texts.TryAdd(field.Name, field.Value.GetString()!))
                {
                    return $"'{field.Name}' is a string, given once";
                }
            }

            fields = new OperatorFields(texts, slots);
            return null;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return "the body is not JSON";
        }
    }
}

/// <summary>The fields of an operator's request.</summary>
/// <param name="Texts">Those that are strings.</param>
/// <param name="Slots">The slots, if they were named.</param>
internal sealed record OperatorFields(IReadOnlyDictionary<string, string> Texts, SlotSet? Slots)
{
    /// <summary>A string, or null if it was not given.</summary>
    public string? Text(string name) => Texts.GetValueOrDefault(name);

    /// <summary>Reads a shard's id; false if it is given and is none.</summary>
    public bool TryShard(string name, out ShardId shard)
    {
        shard = default;
        return Text(name) is not { } text || (ShardId.TryParse(text, out shard) && !shard.IsNone);
    }

    /// <summary>Reads a node's id; false if it is given and is none.</summary>
    public bool TryNode(string name, out NodeId node)
    {
        node = default;
        return Text(name) is not { } text || (NodeId.TryParse(text, out node) && !node.IsNone);
    }
}
