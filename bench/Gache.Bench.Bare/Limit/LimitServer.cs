using System.Globalization;
using System.IO.Pipelines;

namespace Gache.Bench.Bare.Limit;

/// <summary>
/// The limit of this way to serve: HTTP as the server has it, a POST that shares a sync, and with followers a GET that shares a round. It has one value,
/// and neither terms, elections, a store, checks, nor any way to start again. Batches do not overlap, and a round waits behind a sync: for reads or writes,
/// not for both at once.
/// </summary>
internal static class LimitServer
{
    /// <summary>Answers until it is ended.</summary>
    /// <param name="args">The file, the followers' ports with commas (or -), and what the host takes, as in <c>--urls http://127.0.0.1:8001</c>.</param>
    public static int Run(string[] args)
    {
        InlineHost.Prepare();
        SharedWrites? writes = null;
        SharedRounds? rounds = null;
        var followers = new Followers
        {
            Answered = (isBatch, number) =>
            {
                if (isBatch) writes!.Synced(number);
                else rounds!.Answered(number);
            },
        };
        writes = new SharedWrites(new LogFile(args[0]), followers);
        rounds = new SharedRounds(followers);
        if (args[1] != "-") followers.Dial(args[1].Split(',').Select(port => int.Parse(port, CultureInfo.InvariantCulture)));
        new Thread(writes.Run) { IsBackground = true }.Start();
        return InlineHost.Run(args[2..], context => HttpMethods.IsGet(context.Request.Method) ? GetAsync(context, writes, followers.IsEmpty ? null : rounds) : PostAsync(context, writes));
    }

    private static async Task GetAsync(HttpContext context, SharedWrites writes, SharedRounds? rounds)
    {
        if (rounds is not null) await rounds.ConfirmAsync();
        byte[] value = writes.Value;
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = value.Length;
        await context.Response.Body.WriteAsync(value);
    }

    private static async Task PostAsync(HttpContext context, SharedWrites writes)
    {
        byte[] value = new byte[context.Request.ContentLength ?? 0];
        PipeReader body = context.Request.BodyReader;
        ReadResult read = await body.ReadAtLeastAsync(value.Length);
        int at = 0;
        foreach (ReadOnlyMemory<byte> part in read.Buffer)
        {
            part.Span.CopyTo(value.AsSpan(at));
            at += part.Length;
        }

        body.AdvanceTo(read.Buffer.End);
        await writes.WriteAsync(value);
        context.Response.ContentLength = 0;
    }
}
