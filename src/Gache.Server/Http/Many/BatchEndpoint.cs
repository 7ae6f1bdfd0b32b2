using System.Text.Json;
using Gache.Primitives;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Many;

/// <summary><c>POST /batch</c>: a command a line in, a result a line out, in the same order; each stands alone.</summary>
/// <remarks>
/// The body is taken whole, then carried out window by window, and each window's results are sent before the next begins: a client that reads slowly
/// holds up its own batch and takes no memory.
/// </remarks>
internal sealed class BatchEndpoint(ApiSettings settings, BatchRun run, BodyBudget bodies, BodyBudget answers, SlowClients clients)
{
    private const int SharePerLine = 256; // of a window that reads nothing: results are small

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard)
    {
        using var share = new BodyShare(bodies);
        if (await ManyBody.TakeAsync(context, share, ManyLimits.MaxBatchBytes, ProblemTable.BatchTooLarge, clients).ConfigureAwait(false) is not { } body) return;
        (int lines, bool isAny) = Count(body.Span);
        if (lines > ManyLimits.MaxLines || !isAny)
        {
            await (isAny
                ? ProblemAnswer.SendAsync(context, ProblemTable.BatchTooLarge, $"a batch has at most {ManyLimits.MaxLines} lines; nothing was done")
                : ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, "the body is a JSON command a line: {\"op\":\"set\",\"key\":\"…\",\"value\":\"…\"}")).ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = Headers.JsonLines;
        var results = new ByteWriter(4_096);
        for (ReadOnlyMemory<byte> rest = body; !rest.IsEmpty && !context.RequestAborted.IsCancellationRequested;)
        {
            List<BatchLine> window = Take(ref rest);
            if (window.Count == 0) continue;
            using var windowShare = new BodyShare(answers);
            bool hasRoom = windowShare.TryGrow(window.Exists(line => line.IsRead) ? ManyLimits.AnswerShareBytes : window.Count * SharePerLine);
            if (hasRoom) await run.RunAsync(shard, window).ConfigureAwait(false);
            else clients.MakeRoom(answers);
            foreach (BatchLine line in window)
            {
                if (!line.IsDone) line.Fail(ProblemTable.Overloaded, "too many batches are on their way at once");
            }

            if (!await SendAsync(context, window, results).ConfigureAwait(false)) return; // the client has gone
        }
    }

    private async Task<bool> SendAsync(HttpContext context, List<BatchLine> window, ByteWriter results)
    {
        foreach (BatchLine line in window)
        {
            using (var json = new Utf8JsonWriter(results, JsonText.Options)) line.Write(json);
            results.WriteByte((byte)'\n');
            if (results.Length < ManyLimits.BytesAtOnce && line != window[^1]) continue;
            if (!await clients.SendAsync(context, results.WrittenMemory, bodies, answers).ConfigureAwait(false)) return false;
            results.ClearAndTrim(ManyLimits.BytesAtOnce);
        }

        return true;
    }

    /// <summary>Takes the next lines that are carried out together.</summary>
    private List<BatchLine> Take(ref ReadOnlyMemory<byte> rest)
    {
        var window = new List<BatchLine>();
        int bytes = 0;
        while (!rest.IsEmpty && window.Count < ManyLimits.LinesAtOnce && bytes < ManyLimits.BytesAtOnce)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (IsBlank(line.Span)) continue;
            window.Add(BatchLine.Parse(line, settings.MaxValueBytes));
            bytes += line.Length;
        }

        return window;
    }

    private static (int Lines, bool IsAny) Count(ReadOnlySpan<byte> body)
    {
        int lines = 0;
        foreach (Range line in body.Split((byte)'\n'))
        {
            if (!IsBlank(body[line])) lines++;
        }

        return (lines, lines > 0);
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => !line.ContainsAnyExcept(" \t\r"u8);
}
