using Gache.Primitives;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster;

/// <summary>Takes the body of a request that concerns the cluster: small, but with room for slots in many pieces.</summary>
internal static class JsonBody
{
    /// <summary>The largest, in bytes: every second slot, as pairs, takes about 115 KiB.</summary>
    public const int MaxBytes = 256 * 1024;

    private const long MaxBytesOfAll = 32 * 1024 * 1024; // whatever number of slow senders there is (P10)

    private static readonly BodyBudget Bodies = new(MaxBytesOfAll);

    /// <summary>Takes the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="what">What it is, for words: "a join".</param>
    /// <returns>Null if the request was answered with what is wrong.</returns>
    public static async Task<ReadOnlyMemory<byte>?> TakeAsync(HttpContext context, string what)
    {
        var body = new ByteWriter();
        ValueBody.End end = ValueBody.End.TooLarge;
        if (context.Request.ContentLength is null or <= MaxBytes)
        {
            using var share = new BodyShare(Bodies);
            end = await ValueBody.ReadStreamAsync(context.Request.BodyReader, MaxBytes, body, share).ConfigureAwait(false);
        }

        if (end == ValueBody.End.Complete) return body.WrittenMemory;
        context.Response.Headers.Connection = "close"; // nobody waits for the rest
        await (end == ValueBody.End.TooLarge
            ? ProblemAnswer.SendAsync(context, ProblemTable.ValueTooLarge, $"{what} has at most {MaxBytes} bytes")
            : ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many such requests are on their way in at once")).ConfigureAwait(false);
        return null;
    }
}
