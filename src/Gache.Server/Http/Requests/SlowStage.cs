namespace Gache.Server.Http.Requests;

/// <summary>Which stage a slow request most likely waited for.</summary>
/// <param name="Name">As in the metrics' names.</param>
/// <param name="Took">How long it took within the request's time.</param>
/// <remarks>Requests are not measured stage by stage. What is named is the longest stage of any batch that was under way with the request, which it
/// waited for unless it was somewhere else.</remarks>
internal readonly record struct SlowStage(string Name, TimeSpan Took)
{
    /// <summary>Finds it.</summary>
    /// <param name="context">The request, answered.</param>
    /// <param name="shard">The shard of this node, if there is one.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="time">Whose timestamps the stages have.</param>
    public static SlowStage Of(HttpContext context, IShard? shard, TimeSpan elapsed, TimeProvider time)
    {
        TimeSpan forwarded = TimeSpan.FromMilliseconds(RequestTime.Of(context, RequestTime.Spent.Forwarded));
        TimeSpan finding = TimeSpan.FromMilliseconds(RequestTime.Of(context, RequestTime.Spent.FindingOwner));
        if (forwarded >= elapsed / 2) return new("forward", forwarded);
        if (finding >= elapsed / 2) return new("owner", finding);
        if (!IsOfReplica(Target.Parse(RawTarget.Of(context)).Path)) return new("other", elapsed);
        if (InReplica(shard, time.GetTimestamp() - (long)(elapsed.TotalSeconds * time.TimestampFrequency), elapsed) is { } stage) return stage;

        bool isRead = context.Request.Method == HttpMethods.Get || context.Request.Method == HttpMethods.Head;
        return new(context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable ? "leader" : isRead ? "confirm" : "other", elapsed);
    }

    private static bool IsOfReplica(ReadOnlySpan<char> path) => path.StartsWith("/key", StringComparison.Ordinal) || path is "/batch" or "/txn";

    private static SlowStage? InReplica(IShard? shard, long since, TimeSpan elapsed)
    {
        if (shard is not { Stages: { } stages, LogCounters: { } log }) return null;

        // The cause first: who waits for a sync waits in all the others, too.
        ReadOnlySpan<SlowStage> causes =
        [
            new("fsync", Longest(log.Syncs.LongestSince(since), log.OldestUnsyncedAge)),
            new("apply", stages.Apply.LongestSince(since)),
            new("answer", stages.Answer.LongestSince(since)),
            new("replicate", Longest(stages.Replicate.LongestSince(since), stages.ReplicatingFor)),
            new("queue", Longest(stages.Queue.LongestSince(since), stages.QueuedFor)),
        ];
        TimeSpan longest = TimeSpan.Zero;
        foreach (SlowStage cause in causes) longest = Longest(longest, cause.Took);
        if (longest < elapsed / 4) return null;
        foreach (SlowStage cause in causes)
            if (cause.Took >= longest / 2) return cause;

        return null;
    }

    private static TimeSpan Longest(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
