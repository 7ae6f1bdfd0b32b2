using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Keys;

/// <summary><c>/key/{key}</c>: checks what can be known from the head of the request, then reads or writes.</summary>
internal sealed class KeyEndpoint(ApiSettings settings, BodyBudget bodies)
{
    private const string Allowed = "GET, HEAD, POST, PUT, DELETE";

    private readonly WriteKey writes = new(settings, bodies);

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
        if (NotYet.NameIn(context.Request.Headers, isRead) is { } later)
            return ProblemAnswer.SendAsync(context, ProblemTable.NotImplementedYet, $"not yet: {later}; nothing was done");

        return isRead ? ReadKey.AnswerAsync(context, shard, key.ToArray(), query.Level) : writes.AnswerAsync(context, shard, method, key);
    }

    private static string WordsOf(Problem problem) => problem == ProblemTable.KeyEmpty
        ? "a key has at least one byte: /key/{key}"
        : problem == ProblemTable.KeyTooLong
            ? $"a key has at most {KeyPath.MaxKeyBytes} bytes after percent-decoding"
            : "a key is percent-encoded ASCII without byte 0 and without a segment that is '.' or '..' (HTTP clients rewrite such paths)";
}
