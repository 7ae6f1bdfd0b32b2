using System.Buffers;
using System.Text;
using System.Text.Json;
using Gache.Replication;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster;

/// <summary><c>/join</c>: adds a member to this shard; goes to the leader by itself.</summary>
internal sealed class JoinEndpoint(JoinHop hop)
{
    private const string Allowed = "GET, HEAD, POST";
    private const string AddressParameter = "addr=";

    /// <summary>Answers POST with a JSON body, and GET <c>?addr=RAFT</c> as the original program sends it.</summary>
    public Task AnswerAsync(HttpContext context, IShard? shard, ReadOnlySpan<char> query)
    {
        string method = context.Request.Method;
        if (method == HttpMethods.Post)
        {
            return query.IsEmpty
                ? ReadAndJoinAsync(context, shard)
                : ProblemAnswer.SendAsync(context, ProblemTable.ParameterUnknown, "POST /join takes a JSON body and no parameters");
        }

        // HEAD must not change anything, so it tells only that the page is there.
        if (method == HttpMethods.Head) return Task.CompletedTask;
        if (method != HttpMethods.Get)
        {
            context.Response.Headers.Allow = Allowed;
            return ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, $"/join takes {Allowed}");
        }

        int length = query.StartsWith(AddressParameter) && !query.Contains('&') ? PercentDecoding.Length(query[AddressParameter.Length..]) : -1;
        if (length <= 0)
            return ProblemAnswer.SendAsync(context, ProblemTable.ParameterUnknown, "GET /join takes addr=RAFT and nothing else");

        byte[] address = new byte[length];
        PercentDecoding.Decode(query[AddressParameter.Length..], address);
        return JoinAsync(context, shard, new JoinRequest(Encoding.Latin1.GetString(address), default, null, default, default));
    }

    private async Task ReadAndJoinAsync(HttpContext context, IShard? shard)
    {
        if (await JsonBody.TakeAsync(context, "a join").ConfigureAwait(false) is not { } body) return;
        await (JoinText.Read(body, out JoinRequest request) is { } wrong
            ? ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, wrong)
            : JoinAsync(context, shard, request)).ConfigureAwait(false);
    }

    private async Task JoinAsync(HttpContext context, IShard? shard, JoinRequest request)
    {
        if (JoinText.AddressWords(request) is { } wrong)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.ParameterMalformed, wrong).ConfigureAwait(false);
            return;
        }

        if (shard is null)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.NotServing, "the node is starting").ConfigureAwait(false);
            return;
        }

        JoinAnswer answer = await shard.JoinAsync(request).ConfigureAwait(false);
        await (answer.Refusal is { Code: RefusalCode.NotLeader, LeaderApi: { } leader }
            ? hop.PassOnAsync(context, leader, request)
            : SendAsync(context, answer)).ConfigureAwait(false);
    }

    /// <summary>Answers as the leader decided.</summary>
    internal static Task SendAsync(HttpContext context, JoinAnswer answer) =>
        answer.Refusal is { } refusal ? RefusalAnswer.SendAsync(context, refusal)
        : answer.Verdict != JoinRefusal.None ? ProblemAnswer.SendAsync(context, ProblemOf(answer.Verdict), answer.Detail)
        : AcceptAsync(context, answer);

    private static Problem ProblemOf(JoinRefusal verdict) => verdict switch
    {
        JoinRefusal.AddressInUse => ProblemTable.AddressInUse,
        JoinRefusal.NotReachable => ProblemTable.NotReachable,
        _ => ProblemTable.WrongShard,
    };

    private static Task AcceptAsync(HttpContext context, JoinAnswer answer)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("cluster", answer.Cluster.ToString());
            json.WriteString("shard", answer.Shard.ToString());
            json.WriteString("id", answer.Node.ToString());
            json.WritePropertyName("slots");
            ClusterPage.WriteSlots(json, answer.Slots.Ranges);
            json.WriteEndObject();
        }

        body.Write("\n"u8);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return Page.SendAsync(context, Headers.Json, body.WrittenMemory);
    }
}
