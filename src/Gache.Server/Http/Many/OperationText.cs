using System.Globalization;
using System.Text.Json;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;
using Gache.Store;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Many;

/// <summary>An operation as a line of a batch or a part of a transaction says it.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">Set: the value; else empty.</param>
/// <param name="Counter">Add: what to add.</param>
/// <param name="Ttl">For how long the key is to be there.</param>
/// <param name="Condition">What must hold of the key; null for nothing. Never in a transaction.</param>
/// <param name="IdempotencyKey">Empty for none. Never in a transaction.</param>
internal sealed record OperationText(
    TxnOperationKind Kind, byte[] Key, byte[] Value, CounterTerms Counter, Ttl Ttl, Condition? Condition, ReadOnlyMemory<byte> IdempotencyKey)
{
    /// <summary>Whether a command that may have been carried out cannot be carried out twice.</summary>
    public bool KeepsFromRepeating => Condition?.AnyOf is not null || !IdempotencyKey.IsEmpty;

    /// <summary>Reads one.</summary>
    /// <param name="json">The object.</param>
    /// <param name="maxValueBytes">The largest value.</param>
    /// <param name="isAlone">Whether it stands alone, and so may have a condition and an idempotency key of its own.</param>
    /// <returns>The operation, or what is wrong with it.</returns>
    public static (OperationText? Operation, Problem? Wrong, string Detail) Read(JsonElement json, int maxValueBytes, bool isAlone)
    {
        if (json.ValueKind != JsonValueKind.Object) return Malformed("an operation is a JSON object: {\"op\":\"set\",\"key\":\"…\",\"value\":\"…\"}");
        var fields = new Dictionary<string, JsonElement>();
        foreach (JsonProperty field in json.EnumerateObject())
        {
            if (!fields.TryAdd(field.Name, field.Value)) return Malformed($"'{Shorten(field.Name)}' stands there twice");
        }

        if (!fields.Remove("op", out JsonElement op) || KindOf(op) is not { } kind) return Malformed("'op' is set, get, delete or add");
        if (!fields.Remove("key", out JsonElement keyField) || JsonBytes.Read(keyField) is not { } key) return Malformed($"'key' {JsonBytes.Words}");
        if (key.Length == 0) return (null, ProblemTable.KeyEmpty, "a key has at least one byte");
        if (key.Length > StoreLimits.MaxKeyBytes) return (null, ProblemTable.KeyTooLong, $"a key has at most {StoreLimits.MaxKeyBytes} bytes");

        byte[] value = [];
        CounterTerms counter = new(0);
        bool mayLive = kind is TxnOperationKind.Set or TxnOperationKind.Add;
        JsonElement valueField = default;
        if (mayLive && !fields.Remove("value", out valueField)) return Malformed("'value' is missing");
        if (kind == TxnOperationKind.Set)
        {
            if (JsonBytes.Read(valueField) is not { } bytes) return Malformed($"'value' {JsonBytes.Words}");
            if (bytes.Length > maxValueBytes) return (null, ProblemTable.ValueTooLarge, $"a value has at most {maxValueBytes} bytes here (--max-value)");
            value = bytes;
        }
        else if (kind == TxnOperationKind.Add)
        {
            if (!TryNumber(valueField, out long delta) || !TryTakeNumber(fields, "min", long.MinValue, out long min) || !TryTakeNumber(fields, "max", long.MaxValue, out long max) || min > max)
                return Malformed("of an addition 'value', 'min' and 'max' are decimal 64-bit numbers, and min is not above max");
            counter = new CounterTerms(delta, min, max);
        }

        Ttl ttl = default;
        if (mayLive && fields.Remove("ttl", out JsonElement ttlField) && !Ttl.TryParse(TextOf(ttlField), mayKeep: kind == TxnOperationKind.Set, out ttl))
            return (null, ProblemTable.TtlMalformed, Ttl.Words);

        Condition? condition = null;
        ReadOnlyMemory<byte> idempotencyKey = default;
        if (isAlone && kind != TxnOperationKind.Get)
        {
            StringValues match = fields.Remove("if_match", out JsonElement matchField) ? TagsOf(matchField) : default;
            StringValues noneMatch = fields.Remove("if_none_match", out JsonElement noneMatchField) ? TagsOf(noneMatchField) : default;
            if (!ConditionHeaders.TryParse(match, noneMatch, out condition)) return (null, ProblemTable.ConditionMalformed, "if_match and if_none_match are \"*\", a revision, or a list of revisions");
            if (fields.Remove("idempotency_key", out JsonElement named) && (named.ValueKind != JsonValueKind.String || !IdempotencyKeyHeader.TryParse(TextOf(named), out idempotencyKey)))
                return (null, ProblemTable.IdempotencyKeyMalformed, IdempotencyKeyHeader.Words);
        }

        if (fields.Count > 0) return Malformed($"'{Shorten(fields.Keys.First())}' is not known {(isAlone ? "" : "in a transaction ")}with {TextOf(op)}"); // a misspelt word would be another wish
        return (new OperationText(kind, key, value, counter, ttl, condition, idempotencyKey), null, "");
    }

    /// <summary>The same as one step: a command, or a read.</summary>
    public Step ToStep()
    {
        if (Kind == TxnOperationKind.Get) return new Step(null, Key);
        CommandKind kind = Kind switch
        {
            TxnOperationKind.Set => CommandKind.Set,
            TxnOperationKind.Delete => CommandKind.Delete,
            _ => CommandKind.Add,
        };
        bool isPlain = Kind != TxnOperationKind.Add && Condition is null && Ttl == default && IdempotencyKey.IsEmpty;
        WriteOptions? options = isPlain ? null : new WriteOptions
        {
            Condition = Condition,
            Counter = Kind == TxnOperationKind.Add ? Counter : null,
            TtlMilliseconds = Ttl.Milliseconds,
            KeepsTtl = Ttl.Keeps,
            IdempotencyKey = IdempotencyKey,
        };
        var command = new CommandDraft(kind, Key.Length, Value.Length, options);
        Key.CopyTo(command.Key);
        Value.CopyTo(command.Value.Span);
        command.Seal();
        return new Step(command.Bytes, Key);
    }

    /// <summary>The same as a part of a transaction.</summary>
    public TxnOperation ToOperation() => new(Kind, Key, Value, Kind == TxnOperationKind.Add ? Counter : default, Ttl.Milliseconds, Ttl.Keeps);

    private static TxnOperationKind? KindOf(JsonElement op) => TextOf(op) switch
    {
        "set" => TxnOperationKind.Set,
        "get" => TxnOperationKind.Get,
        "delete" => TxnOperationKind.Delete,
        "add" => TxnOperationKind.Add,
        _ => null,
    };

    /// <summary>What a string says; a number as it stands; nothing for all else.</summary>
    private static string TextOf(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.String => element.GetString()!,
                JsonValueKind.Number => element.GetRawText(),
                _ => "",
            };
        }
        catch (InvalidOperationException) // so the reader tells of escapes that are no text
        {
            return "";
        }
    }

    private static StringValues TagsOf(JsonElement element) => element.ValueKind == JsonValueKind.Array
        ? string.Join(',', element.EnumerateArray().Select(TextOf))
        : TextOf(element);

    private static bool TryNumber(JsonElement element, out long number) =>
        long.TryParse(TextOf(element), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static bool TryTakeNumber(Dictionary<string, JsonElement> fields, string name, long otherwise, out long number)
    {
        number = otherwise;
        return !fields.Remove(name, out JsonElement field) || TryNumber(field, out number);
    }

    private static string Shorten(string name) => name.Length <= 64 ? name : name[..64] + "…";

    private static (OperationText?, Problem?, string) Malformed(string words) => (null, ProblemTable.BodyMalformed, words);
}
