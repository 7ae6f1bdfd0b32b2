using Gache.Primitives;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Many;

/// <summary>Takes the whole body of a request on many keys, before anything of it is carried out: so a body that is cut off has no effect, and a
/// client may send all of it before it reads anything.</summary>
internal static class ManyBody
{
    /// <summary>Takes it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="share">What it takes of the bodies' budget.</param>
    /// <param name="limit">At most so many bytes.</param>
    /// <param name="tooLarge">The problem of a larger one.</param>
    /// <param name="clients">Who may have to make room; while it is slow, its sender is one of them.</param>
    /// <returns>Null if the request was answered with what is wrong.</returns>
    public static async Task<ReadOnlyMemory<byte>?> TakeAsync(HttpContext context, BodyShare share, int limit, Problem tooLarge, SlowClients clients)
    {
        var body = new ByteWriter();
        ValueBody.End end = ValueBody.End.TooLarge;
        if (context.Request.ContentLength is not { } length || length <= limit)
        {
            using SlowClients.Sender sender = clients.Receive(context, share.Budget);
            end = await ValueBody.ReadStreamAsync(context.Request.BodyReader, limit, body, share, sender).ConfigureAwait(false);
        }

        if (end == ValueBody.End.Complete) return body.WrittenMemory;
        if (end == ValueBody.End.OverBudget) clients.MakeRoom(share.Budget);
        context.Response.Headers.Connection = "close"; // nobody waits for the rest
        await (end == ValueBody.End.TooLarge
            ? ProblemAnswer.SendAsync(context, tooLarge, $"the body has at most {limit} bytes; nothing was done")
            : ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many large bodies are on their way in at once")).ConfigureAwait(false);
        return null;
    }
}
