using System.Buffers;
using System.Globalization;
using System.Text;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Requests;
using Gache.Server.Http.Routing;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>POST, PUT and DELETE on a key.</summary>
internal sealed class WriteKey(ApiSettings settings, BodyBudget bodies, Elsewhere elsewhere)
{
    /// <summary>Takes the body, proposes the command, answers; without an await where everything is at hand.</summary>
    public Task AnswerAsync(HttpContext context, IShard shard, KeyWrite write, KeyPath key)
    {
        // A known leader elsewhere is named before a body is read that would have to be sent there anyway.
        if (shard.Status is { Role: not ReplicaRole.Leader, IsLeaderHeard: true, LeaderApi: { } leader })
            return elsewhere.ToLeaderAsync(context, leader, null);

        // So is a full queue: under overload most requests end here, and what they cost is missing to those that are carried out.
        if (shard.IsFull) return RefusalAnswer.SendAsync(context, Refusal.QueueIsFull);

        if (write.Kind == CommandKind.Delete) return Propose(context, shard, write, Begin(write, key, 0));

        HttpRequest request = context.Request;
        if (!write.HasValue && request.ContentLength is > 0) return RefuseBody(context);
        if (request.ContentLength is not { } contentLength)
        {
            return Redirect.IsStreamed(request)
                ? ReadStreamAndProposeAsync(context, shard, write, key.ToArray())
                : Propose(context, shard, write, Begin(write, key, 0));
        }

        if (contentLength > settings.MaxValueBytes) return RefuseTooLarge(context);

        int length = (int)contentLength;
        if (length == 0) return Propose(context, shard, write, Begin(write, key, 0));
        if (!ValueBody.TryPeek(request.BodyReader, length, out ReadOnlySequence<byte> body))
            return ReadAndProposeAsync(context, shard, write, key.ToArray(), length);

        CommandDraft command = Begin(write, key, length);
        body.CopyTo(command.Value.Span);
        request.BodyReader.AdvanceTo(body.End);
        return Propose(context, shard, write, command);
    }

    private static CommandDraft Begin(KeyWrite write, KeyPath key, int valueLength)
    {
        var command = new CommandDraft(write.Kind, key.Length, valueLength, write.Options);
        key.CopyTo(command.Key);
        return command;
    }

    /// <summary>As above, for a key that had to be kept while the body was read.</summary>
    private static CommandDraft Begin(KeyWrite write, byte[] key, int valueLength)
    {
        var command = new CommandDraft(write.Kind, key.Length, valueLength, write.Options);
        key.CopyTo(command.Key);
        return command;
    }

    private async Task ReadAndProposeAsync(HttpContext context, IShard shard, KeyWrite write, byte[] key, int length)
    {
        CommandDraft command;
        using (var share = new BodyShare(bodies))
        {
            if (!share.TryGrow(length))
            {
                await RefuseOverBudget(context).ConfigureAwait(false);
                return;
            }

            command = Begin(write, key, length);
            long began = RequestTime.Now;
            await ValueBody.ReadAsync(context.Request.BodyReader, command.Value).ConfigureAwait(false);
            RequestTime.Note(context, RequestTime.Spent.ByClient, began);
        }

        await Propose(context, shard, write, command).ConfigureAwait(false);
    }

    private async Task ReadStreamAndProposeAsync(HttpContext context, IShard shard, KeyWrite write, byte[] key)
    {
        CommandDraft command;
        using (var share = new BodyShare(bodies))
        {
            var body = new ByteWriter();
            long began = RequestTime.Now;
            ValueBody.End end = await ValueBody.ReadStreamAsync(
                context.Request.BodyReader, write.HasValue ? settings.MaxValueBytes : 0, body, share).ConfigureAwait(false);
            RequestTime.Note(context, RequestTime.Spent.ByClient, began);
            if (end != ValueBody.End.Complete)
            {
                context.Response.Headers.Connection = "close"; // nobody waits for the rest
                await (end == ValueBody.End.OverBudget ? RefuseOverBudget(context) : write.HasValue ? RefuseTooLarge(context) : RefuseBody(context))
                    .ConfigureAwait(false);
                return;
            }

            command = Begin(write, key, body.Length);
            body.Written.CopyTo(command.Value.Span);
        }

        await Propose(context, shard, write, command).ConfigureAwait(false);
    }

    private Task Propose(HttpContext context, IShard shard, KeyWrite write, CommandDraft command)
    {
        command.Seal();
        if (write.Wait is { } wait) return ProposeWaitingAsync(context, shard, write, wait, command);
        ValueTask<WriteAnswer> answer = shard.WriteAsync(command.Bytes);
        return answer.IsCompletedSuccessfully ? Send(context, write, answer.Result, command) : AwaitAsync(context, write, answer, command);
    }

    private async Task AwaitAsync(HttpContext context, KeyWrite write, ValueTask<WriteAnswer> answer, CommandDraft command) =>
        await Send(context, write, await answer.ConfigureAwait(false), command).ConfigureAwait(false);

    private async Task ProposeWaitingAsync(HttpContext context, IShard shard, KeyWrite write, WaitTime wait, CommandDraft command)
    {
        WriteAnswer answer = await shard.WriteAsync(command.Bytes, wait.Left, context.RequestAborted).ConfigureAwait(false);
        await Send(context, write, answer, command).ConfigureAwait(false);
    }

    private Task Send(HttpContext context, KeyWrite write, WriteAnswer answer, CommandDraft command)
    {
        // The value stands in the command still: only its head was stamped.
        if (answer.Refusal is { } refusal) return elsewhere.AnswerAsync(context, refusal, write.Slot, command.Value);
        if (answer.Status != ApplyStatus.Done) return DeclinedAnswer.SendAsync(context, answer);

        HttpResponse response = context.Response;
        if (write.Kind == CommandKind.Delete)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            response.Headers[Headers.Revision] = answer.Revision.ToString(CultureInfo.InvariantCulture); // for min-revision: what is gone has no ETag
            return Task.CompletedTask;
        }

        if (write.Kind == CommandKind.Put && !answer.Existed) response.StatusCode = StatusCodes.Status201Created;
        EntityTags.Set(response.Headers, answer.Revision);
        if (write.Kind == CommandKind.Add) return SendNumber(response, answer.Number);
        response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private static Task SendNumber(HttpResponse response, long number)
    {
        byte[] text = Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
        response.ContentType = Headers.OctetStream; // as a GET has it
        response.ContentLength = text.Length;
        return response.Body.WriteAsync(text).AsTask();
    }

    private static Task RefuseBody(HttpContext context) =>
        ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, "a request with add or touch takes no body: all that it says stands in the query");

    private Task RefuseTooLarge(HttpContext context) => ProblemAnswer.SendAsync(
        context, ProblemTable.ValueTooLarge, $"a value has at most {settings.MaxValueBytes} bytes here (--max-value)");

    private static Task RefuseOverBudget(HttpContext context) =>
        ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many large values are on their way in at once");
}
