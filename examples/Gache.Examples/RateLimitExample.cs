namespace Gache.Examples;

/// <summary><c>rate-limit NAME LIMIT WINDOW</c>: at most so many calls in a window of time; see <c>shell/rate-limit.sh</c>.</summary>
internal static class RateLimitExample
{
    public static async Task<int> RunAsync(GacheClient gache, string name, string limit, string window, CancellationToken stop)
    {
        // The time to live counts only where the addition creates the counter, and the server refuses a sum beyond max: no window is longer, none has more.
        GacheAnswer answer = await gache.AskAsync(HttpMethod.Post, name, $"?add=1&max={limit}&ttl={window}", "", cancel: stop).ConfigureAwait(false);
        if (answer.Status is not (200 or 409)) return 2;
        Console.WriteLine(answer.Status == 200 ? answer.Body : limit);
        return answer.Status == 200 ? 0 : 1;
    }
}
