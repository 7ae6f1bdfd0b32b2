using System.Diagnostics;

namespace Gache.EndToEnd.Harness;

/// <summary>Waits for conditions, with a deadline; never for a fixed time.</summary>
internal static class Wait
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks again and again until <paramref name="isTrue"/>.</summary>
    /// <exception cref="TimeoutException">It did not become true in time; the message says what was waited for and what was seen last.</exception>
    public static Task UntilAsync(string what, Func<Task<bool>> isTrue, TimeSpan? within = null) =>
        ForAsync(what, async () => await isTrue() ? "" : null, within);

    /// <summary>Looks again and again until <paramref name="look"/> gives something.</summary>
    public static async Task<T> ForAsync<T>(string what, Func<Task<T?>> look, TimeSpan? within = null)
        where T : class
    {
        var clock = Stopwatch.StartNew();
        TimeSpan deadline = within ?? Deadline;
        while (true)
        {
            if (await look() is { } seen) return seen;
            if (clock.Elapsed > deadline) throw new TimeoutException($"after {deadline.TotalSeconds:0.#} s still not so: {what}");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
