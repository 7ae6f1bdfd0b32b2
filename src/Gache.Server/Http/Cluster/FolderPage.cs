using Gache.Replication;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster;

/// <summary>
/// <c>/join/folder</c>: whether this node ever heard of a shard, whom it lets found one, and what it agreed to. Asked before a shard is founded by a
/// list; POST asks it to agree.
/// </summary>
internal static class FolderPage
{
    private const string Allowed = "GET, HEAD, POST";

    /// <summary>Answers with the report; POST agrees before, if this node may.</summary>
    public static Task AnswerAsync(HttpContext context, IShard? shard)
    {
        string method = context.Request.Method;
        if (method != HttpMethods.Get && method != HttpMethods.Head && method != HttpMethods.Post)
        {
            context.Response.Headers.Allow = Allowed;
            return ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, $"/join/folder takes {Allowed}");
        }

        if (shard is null) return ProblemAnswer.SendAsync(context, ProblemTable.NotServing, "the node is starting");
        return method == HttpMethods.Post ? AgreeAsync(context, shard) : Page.SendAsync(context, Headers.Json, FolderText.Write(shard.Report()));
    }

    private static async Task AgreeAsync(HttpContext context, IShard shard)
    {
        if (await JsonBody.TakeAsync(context, "a founding").ConfigureAwait(false) is not { } body) return;
        if (FolderText.ReadConsent(body) is not { } wanted)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, "a founding has 'shard' and 'id', 32 hexadecimal digits each, and 'api', host:port")
                .ConfigureAwait(false);
            return;
        }

        FolderReport report = await shard.AgreeAsync(wanted).ConfigureAwait(false);
        await Page.SendAsync(context, Headers.Json, FolderText.Write(report)).ConfigureAwait(false);
    }
}
