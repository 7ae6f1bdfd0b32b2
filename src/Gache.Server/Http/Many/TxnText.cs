using System.Text.Json;
using Gache.Primitives;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>A transaction as JSON (http-api: Many keys).</summary>
internal static class TxnText
{
    private const string Form = """{"compare":[{"key":"…","revision":N or "exists":true},…],"then":[{"op":"set","key":"…","value":"…"},…],"else":[…]}""";

    /// <summary>Reads it.</summary>
    /// <returns>The transaction, or what is wrong with it.</returns>
    public static (TxnCommand? Txn, Problem? Wrong, string Detail) Read(ReadOnlyMemory<byte> body, int maxValueBytes, ReadOnlyMemory<byte> idempotencyKey)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return Read(json.RootElement, maxValueBytes, idempotencyKey);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException) // the latter for a name whose escapes are no text
        {
            return Malformed($"the body is not JSON: {broken.Message}");
        }
    }

    /// <summary>Writes the answer.</summary>
    public static ReadOnlyMemory<byte> Write(TxnAnswer answer)
    {
        var body = new ByteWriter(1_024);
        using (var json = new Utf8JsonWriter(body, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteBoolean("succeeded"u8, answer.Succeeded);
            json.WriteStartArray("results"u8);
            foreach (TxnResult result in answer.Results) ResultText.Write(json, result);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        return body.WrittenMemory;
    }

    private static (TxnCommand?, Problem?, string) Read(JsonElement root, int maxValueBytes, ReadOnlyMemory<byte> idempotencyKey)
    {
        if (root.ValueKind != JsonValueKind.Object) return Malformed($"the body is {Form}");
        var compare = new List<TxnCompare>();
        var branches = new Dictionary<string, List<TxnOperation>>();
        bool hasCompare = false;
        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Array || field.Value.GetArrayLength() is var length && field.Name is not ("compare" or "then" or "else")) return Malformed($"the body is {Form}");
            if (length > TxnCommand.MaxOperations) return TooMany();
            if (field.NameEquals("compare"u8))
            {
                if (hasCompare) return Malformed("'compare' stands there twice");
                hasCompare = true;
                foreach (JsonElement one in field.Value.EnumerateArray())
                {
                    (TxnCompare? read, Problem? wrong, string detail) = ReadCompare(one);
                    if (read is null) return (null, wrong, $"compare[{compare.Count}]: {detail}");
                    compare.Add(read);
                }

                continue;
            }

            var operations = new List<TxnOperation>();
            if (!branches.TryAdd(field.Name, operations)) return Malformed($"'{field.Name}' stands there twice");
            foreach (JsonElement one in field.Value.EnumerateArray())
            {
                (OperationText? read, Problem? wrong, string detail) = OperationText.Read(one, maxValueBytes, isAlone: false);
                if (read is null) return (null, wrong, $"{field.Name}[{operations.Count}]: {detail}");
                operations.Add(read.ToOperation());
            }
        }

        var txn = new TxnCommand(compare, branches.GetValueOrDefault("then", []), branches.GetValueOrDefault("else", []), idempotencyKey);
        if (txn.Then.Count + txn.Else.Count > TxnCommand.MaxOperations) return TooMany();
        if (txn.Compare.Count + txn.Then.Count + txn.Else.Count == 0) return Malformed("a transaction names at least one key");
        return txn.Slot is null
            ? (null, ProblemTable.TxnCrossSlot, "all keys of a transaction are of one slot: give them the same {tag}, as in {user7}balance and {user7}name")
            : (txn, null, "");
    }

    private static (TxnCompare?, Problem?, string) ReadCompare(JsonElement one)
    {
        const string Words = "a comparison is {\"key\":\"…\",\"revision\":N} or {\"key\":\"…\",\"exists\":true or false}";
        if (one.ValueKind != JsonValueKind.Object) return (null, ProblemTable.BodyMalformed, Words);
        byte[]? key = null;
        ulong? revision = null;
        bool? exists = null;
        int fields = 0;
        foreach (JsonProperty field in one.EnumerateObject())
        {
            fields++;
            if (field.NameEquals("key"u8)) key = JsonBytes.Read(field.Value);
            else if (field.NameEquals("revision"u8) && field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetUInt64(out ulong number)) revision = number;
            else if (field.NameEquals("exists"u8) && field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False) exists = field.Value.GetBoolean();
            else return (null, ProblemTable.BodyMalformed, Words);
        }

        if (fields != 2 || key is null || revision is null == exists is null) return (null, ProblemTable.BodyMalformed, Words);
        if (key.Length == 0) return (null, ProblemTable.KeyEmpty, "a key has at least one byte");
        return key.Length > StoreLimits.MaxKeyBytes
            ? (null, ProblemTable.KeyTooLong, $"a key has at most {StoreLimits.MaxKeyBytes} bytes")
            : (new TxnCompare(key, revision, exists ?? true), null, "");
    }

    private static (TxnCommand?, Problem?, string) TooMany() =>
        (null, ProblemTable.TxnTooLarge, $"a transaction has at most {TxnCommand.MaxOperations} operations in then and else together, and as many comparisons");

    private static (TxnCommand?, Problem?, string) Malformed(string words) => (null, ProblemTable.BodyMalformed, words);
}
