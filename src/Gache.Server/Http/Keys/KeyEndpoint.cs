using System.Runtime.CompilerServices;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary><c>/key/{key}</c>: checks what can be known from the head of the request, then reads or writes.</summary>
internal sealed class KeyEndpoint(ApiSettings settings, BodyBudget bodies, Elsewhere elsewhere)
{
    /// <summary>Where there is no cluster nobody asks for a key's slot.</summary>
    private const int NoSlot = -1;

    private const string Allowed = "GET, HEAD, POST, PUT, DELETE";

    private readonly WriteKey writes = new(settings, bodies, elsewhere);
    private readonly ReadKey reads = new(elsewhere);

    /// <summary>Answers a request whose path begins with <c>/key/</c>; <paramref name="rawKey"/> is what follows.</summary>
    public Task AnswerAsync(HttpContext context, IShard shard, ReadOnlySpan<char> rawKey, ReadOnlySpan<char> rawQuery)
    {
        string method = context.Request.Method;
        bool isRead = method == HttpMethods.Get || method == HttpMethods.Head;
        if (!isRead && method != HttpMethods.Post && method != HttpMethods.Put && method != HttpMethods.Delete)
        {
            context.Response.Headers.Allow = Allowed;
            return ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, $"a key takes {Allowed}");
        }

        if (KeyPath.Check(rawKey, out KeyPath key) is { } badKey) return ProblemAnswer.SendAsync(context, badKey, WordsOf(badKey));
        if (KeyQuery.Parse(rawQuery, method, out KeyQuery query, out string detail) is { } badQuery)
            return ProblemAnswer.SendAsync(context, badQuery, detail);
        if (isRead && query is { Wait.Ticks: 0, MinRevision: 0 }) return Read(context, shard, key.ToArray(), query.Level, null);
        if (isRead) return ReadWaiting(context, shard, key.ToArray(), query);
        if (!ConditionHeaders.TryParse(context.Request.Headers, out Condition? condition))
            return ProblemAnswer.SendAsync(context, ProblemTable.ConditionMalformed, ConditionHeaders.Words);
        if (query.Wait > TimeSpan.Zero && condition is null) return ProblemAnswer.SendAsync(context, ProblemTable.ParameterMalformed, WaitWords);
        if (!IdempotencyKeyHeader.TryParse(context.Request.Headers, out ReadOnlyMemory<byte> idempotencyKey))
            return ProblemAnswer.SendAsync(context, ProblemTable.IdempotencyKeyMalformed, IdempotencyKeyHeader.Words);

        CommandKind kind = method == HttpMethods.Put ? CommandKind.Put
            : method == HttpMethods.Delete ? CommandKind.Delete
            : query.IsTouch ? CommandKind.Touch
            : query.Counter is null ? CommandKind.Set : CommandKind.Add;
        WriteOptions? options = condition is null && query.Counter is null && query.Ttl == default && idempotencyKey.IsEmpty ? null : new WriteOptions
        {
            Condition = condition,
            Counter = query.Counter,
            TtlMilliseconds = query.Ttl.Milliseconds,
            KeepsTtl = query.Ttl.Keeps,
            IdempotencyKey = idempotencyKey,
        };
        return Write(context, shard, new KeyWrite(kind, elsewhere.Cluster is null ? NoSlot : SlotOf(key), options, WaitOf(context, query)), key);
    }

    private const string WaitWords = "wait goes with a condition: If-None-Match on a read, If-Match or If-None-Match on a write";

    private static WaitTime? WaitOf(HttpContext context, in KeyQuery query) =>
        query.Wait == TimeSpan.Zero ? null : WaitTime.Begin(context, query.Wait, isForwarded: ForwardedHop.CountOf(context) > 0);

    private Task ReadWaiting(HttpContext context, IShard shard, byte[] key, in KeyQuery query)
    {
        Condition? condition = null;
        if (query.Wait > TimeSpan.Zero)
        {
            if (context.Request.Headers.IfNoneMatch.Count == 0) return ProblemAnswer.SendAsync(context, ProblemTable.ParameterMalformed, WaitWords);
            if (!ConditionHeaders.TryParse(context.Request.Headers, out condition))
                return ProblemAnswer.SendAsync(context, ProblemTable.ConditionMalformed, ConditionHeaders.Words);
        }

        return Read(context, shard, key, query.Level, new WaitingTerms(query.Level, query.MinRevision, condition, WaitOf(context, query)));
    }

    private Task Read(HttpContext context, IShard shard, byte[] key, ReadLevel level, WaitingTerms? terms)
    {
        int slot = elsewhere.Cluster is null ? NoSlot : Slot.Of(key);
        return elsewhere.IsHere(slot)
            ? reads.AnswerAsync(context, shard, key, slot, level, terms)
            : ReadElsewhere(context, shard, key, slot, level, terms);
    }

    // Apart, as what a closure captures is allocated where the method begins: so those that are answered here pay nothing for it.
    private Task ReadElsewhere(HttpContext context, IShard shard, byte[] key, int slot, ReadLevel level, WaitingTerms? terms) =>
        elsewhere.AnswerAsync(context, slot, ReadOnlyMemory<byte>.Empty, () => reads.AnswerAsync(context, shard, key, slot, level, terms));

    private Task Write(HttpContext context, IShard shard, KeyWrite write, KeyPath key) => elsewhere.IsHere(write.Slot)
        ? writes.AnswerAsync(context, shard, write, key)
        : WriteElsewhere(context, shard, write);

    private Task WriteElsewhere(HttpContext context, IShard shard, KeyWrite write) =>
        elsewhere.AnswerAsync(context, write.Slot, null, () => WriteAfterAll(context, shard, write));

    private Task WriteAfterAll(HttpContext context, IShard shard, KeyWrite write)
    {
        _ = KeyPath.Check(Target.Parse(RawTarget.Of(context)).Path[Dispatcher.KeyPrefix.Length..], out KeyPath key); // it was good before
        return writes.AnswerAsync(context, shard, write, key);
    }

    [SkipLocalsInit]
    private static int SlotOf(KeyPath key)
    {
        Span<byte> bytes = stackalloc byte[KeyPath.MaxKeyBytes];
        key.CopyTo(bytes[..key.Length]);
        return Slot.Of(bytes[..key.Length]);
    }

    private static string WordsOf(Problem problem) => problem == ProblemTable.KeyEmpty
        ? "a key has at least one byte: /key/{key}"
        : problem == ProblemTable.KeyTooLong
            ? $"a key has at most {KeyPath.MaxKeyBytes} bytes after percent-decoding"
            : "a key is percent-encoded ASCII without byte 0 and without a segment that is '.' or '..' (HTTP clients rewrite such paths)";
}
