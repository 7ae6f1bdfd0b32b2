using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster;

/// <summary><c>/join/folder</c>: whether this node ever heard of a shard, and whom it lets found one. Asked before a shard is founded by a list.</summary>
internal static class FolderPage
{
    /// <summary>Answers; changes nothing.</summary>
    public static Task AnswerAsync(HttpContext context, IShard? shard) =>
        Page.RefuseUnlessRead(context)
        ?? (shard is null
            ? ProblemAnswer.SendAsync(context, ProblemTable.NotServing, "the node is starting")
            : Page.SendAsync(context, Headers.Json, FolderText.Write(shard.Report())));
}
