namespace Gache.Server.Http.Requests;

/// <summary>Where a request's time went outside the replica; noted by whoever lets it wait, and looked at only if it was slow.</summary>
internal static class RequestTime
{
    /// <summary>What took less is not worth a note.</summary>
    private const long LeastMilliseconds = 20;

    /// <summary>Whose time it was.</summary>
    public enum Spent
    {
        /// <summary>The client's own: sending a body, taking an answer, or waiting as it asked to.</summary>
        ByClient,

        /// <summary>Looking for who owns the key's slot, or leads its shard.</summary>
        FindingOwner,

        /// <summary>Another node's, to which the request was passed on.</summary>
        Forwarded,
    }

    /// <summary>The time now, in milliseconds, coarse and cheap; for <see cref="Note"/>.</summary>
    public static long Now => Environment.TickCount64;

    /// <summary>Notes what passed since <paramref name="began"/>.</summary>
    public static void Note(HttpContext context, Spent how, long began)
    {
        long milliseconds = Now - began;
        if (milliseconds >= LeastMilliseconds) context.Items[how] = Of(context, how) + milliseconds;
    }

    /// <summary>What was noted, in milliseconds.</summary>
    public static long Of(HttpContext context, Spent how) => context.Items.TryGetValue(how, out object? noted) ? (long)noted! : 0;
}
