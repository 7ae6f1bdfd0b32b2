using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Http.Many;
using Gache.Server.Metrics;
using Gache.Store;

namespace Gache.Server.Http.Watch;

/// <summary>Writes a watch as Server-Sent Events (HTML standard, 9.2).</summary>
/// <remarks>Holds no buffer of its own between two events: ten thousand of these wait at a time.</remarks>
internal sealed class EventSink(HttpContext context, WatchCounters counters) : IWatchSink
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly JsonEncodedText KeyName = JsonEncodedText.Encode("key");
    private static readonly JsonEncodedText ValueName = JsonEncodedText.Encode("value");
    private static readonly JsonEncodedText RevisionName = JsonEncodedText.Encode("revision");
    private static readonly JsonEncodedText SlotName = JsonEncodedText.Encode("slot");
    private static readonly JsonEncodedText CodeName = JsonEncodedText.Encode("code");
    private static readonly JsonEncodedText DetailName = JsonEncodedText.Encode("detail");

    // To be flushed; and so much of a value is written at once. Each byte may be six as text: with an id (24 KiB at most) and a key less than WatchBounds.MaxTextBytes.
    private const int EnoughBytes = 16 * 1024;
    private const int PieceBytes = 1024;

    private readonly PipeWriter writer = context.Response.BodyWriter;

    /// <inheritdoc/>
    public ValueTask<bool> ReadyAsync(string cursor)
    {
        Head(cursor, "ready"u8);
        Empty();
        return FlushAsync();
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SendAsync(WatchBatch batch)
    {
        using var json = new Utf8JsonWriter(writer, Json);
        int told = 0;
        bool isTaken = true;
        while (isTaken && Append(batch, json, out (ulong Revision, int Slot)? large))
        {
            told++;
            if (large is { } open) isTaken = await AppendPiecesAsync(batch, json, open.Revision, open.Slot).ConfigureAwait(false);

            // Small changes have long ids where a cluster's slots are scattered.
            if (isTaken) isTaken = await FlushIfEnoughAsync(batch).ConfigureAwait(false);
        }

        counters.Told(told);
        return isTaken && await FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Writes a change; of one with a large value only what stands before that.</summary>
    private bool Append(WatchBatch batch, Utf8JsonWriter json, out (ulong Revision, int Slot)? large)
    {
        large = null;
        if (!batch.TryTake(out WatchedChange change, out string? cursor)) return false;
        Head(cursor, change.Kind switch { KeyChangeKind.Put => "put"u8, KeyChangeKind.Delete => "delete"u8, _ => "expire"u8 });
        Write("data: "u8);
        json.Reset();
        json.WriteStartObject();
        json.WritePropertyName(KeyName);
        JsonBytes.Write(json, change.Key);
        if (change.Kind == KeyChangeKind.Put)
        {
            json.WritePropertyName(ValueName);
            if (change.Value.Length > PieceBytes)
            {
                large = (change.Revision, change.Slot);
                return true;
            }

            JsonBytes.Write(json, change.Value);
        }

        AppendEnd(json, change.Revision, change.Slot);
        return true;
    }

    /// <summary>Writes a large value and what follows it, as far as the client takes it: the text of all of it is nowhere at once.</summary>
    private async ValueTask<bool> AppendPiecesAsync(WatchBatch batch, Utf8JsonWriter json, ulong revision, int slot)
    {
        ReadOnlyMemory<byte> left = batch.Value;
        bool isText = Utf8.IsValid(left.Span);
        if (!isText)
        {
            json.WriteStartObject();
            json.WritePropertyName("base64"u8);
        }

        json.Flush(); // before the pipe is: what is still in there is no part of that yet
        while (!left.IsEmpty)
        {
            if (!await FlushIfEnoughAsync(batch).ConfigureAwait(false)) return false;
            ReadOnlyMemory<byte> piece = left[..Math.Min(left.Length, PieceBytes)];
            left = left[piece.Length..];
            if (isText) json.WriteStringValueSegment(piece.Span, left.IsEmpty);
            else json.WriteBase64StringSegment(piece.Span, left.IsEmpty);
            json.Flush();
        }

        if (!isText) json.WriteEndObject();
        AppendEnd(json, revision, slot);
        return true;
    }

    private void AppendEnd(Utf8JsonWriter json, ulong revision, int slot)
    {
        json.WriteNumber(RevisionName, revision);
        json.WriteNumber(SlotName, slot);
        json.WriteEndObject();
        json.Flush();
        Write("\n\n"u8);
    }

    private ValueTask<bool> FlushIfEnoughAsync(WatchBatch batch) => writer.UnflushedBytes < EnoughBytes ? new(true) : FlushAsync(batch);

    private async ValueTask<bool> FlushAsync(WatchBatch batch)
    {
        bool isTaken = await FlushAsync().ConfigureAwait(false);
        batch.NoteTaken();
        return isTaken;
    }

    /// <inheritdoc/>
    public ValueTask<bool> ProgressAsync(string cursor)
    {
        Head(cursor, "progress"u8);
        Empty();
        return FlushAsync();
    }

    /// <inheritdoc/>
    public async ValueTask CloseAsync(WatchEnd why, string cursor)
    {
        if (why == WatchEnd.Compacted) counters.CutOffOne();
        (string code, string detail) = why switch
        {
            WatchEnd.Compacted => ("watch-compacted", "what follows the last id is in no history any more: read the keys anew, and watch from there"),
            WatchEnd.Unheard => ("no-leader", "this node hears nothing of a shard that has some of these keys: go on, best at another one, with the last id as Last-Event-ID"),
            _ => ("shutting-down", "this node is stopping: go on at another one with the last id as Last-Event-ID"),
        };
        Head(cursor, "close"u8);
        Write("data: "u8);
        using (var json = new Utf8JsonWriter(writer, Json))
        {
            json.WriteStartObject();
            json.WriteString(CodeName, code);
            json.WriteString(DetailName, detail);
            json.WriteEndObject();
        }

        Write("\n\n"u8);
        _ = await FlushAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Abort()
    {
        counters.CutOffOne();
        context.Abort();
    }

    private void Head(string cursor, ReadOnlySpan<byte> name)
    {
        Write("id: "u8);
        Encoding.ASCII.GetBytes(cursor, writer);
        Write("\nevent: "u8);
        Write(name);
        Write("\n"u8);
    }

    private void Empty() => Write("data: {}\n\n"u8);

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);
    }

    private async ValueTask<bool> FlushAsync()
    {
        try
        {
            FlushResult flush = await writer.FlushAsync().ConfigureAwait(false);
            return flush is { IsCompleted: false, IsCanceled: false };
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            return false; // the client, while it was being told
        }
    }
}
