using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Gache.EndToEnd.Harness;

/// <summary>Requests at even times, whatever becomes of those before; each is timed from when it was due until it is answered 200, tried again until then.</summary>
internal sealed class Prober : IAsyncDisposable
{
    private const int KeptUnder = 1_000;

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<double> latencies = new();
    private readonly ConcurrentDictionary<string, int> refused = new();
    private readonly Func<int, Task<Answer>> ask;
    private readonly TimeSpan interval;
    private readonly Task task;

    /// <summary>Begins.</summary>
    /// <param name="interval">Between two requests.</param>
    /// <param name="ask">Sends the request of a number.</param>
    public Prober(TimeSpan interval, Func<int, Task<Answer>> ask)
    {
        (this.interval, this.ask) = (interval, ask);
        task = Task.Run(RunAsync);
    }

    /// <summary>What was seen since the last time.</summary>
    public Figures Take()
    {
        double[] taken = [.. latencies];
        latencies.Clear();
        Array.Sort(taken);
        Assert.NotEmpty(taken);
        var figures = new Figures(taken.Length, taken[taken.Length / 2], taken[(int)(taken.Length * 0.99)], taken[^1], string.Join(", ", refused.Select(pair => $"{pair.Value} x {pair.Key}")));
        refused.Clear();
        return figures;
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await task;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
    }

    private async Task RunAsync()
    {
        long start = Stopwatch.GetTimestamp();
        var under = new List<Task>();
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            TimeSpan due = interval * i;
            TimeSpan wait = due - Stopwatch.GetElapsedTime(start);
            if (wait > TimeSpan.Zero) await Task.Delay(wait);
            under.Add(AskAsync(i, start + (long)(due.TotalSeconds * Stopwatch.Frequency)));
            if (under.Count > KeptUnder) under.RemoveAll(one => one.IsCompletedSuccessfully);
        }

        await Task.WhenAll(under);
    }

    private async Task AskAsync(int number, long due)
    {
        while (true)
        {
            Answer answer = await ask(number);
            if (answer.Status == 200) break;
            refused.AddOrUpdate($"{answer.Status} {answer.Code}", 1, (_, count) => count + 1);
            if (stop.IsCancellationRequested) return;
        }

        latencies.Enqueue(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
    }

    /// <summary>Latencies in milliseconds.</summary>
    public sealed record Figures(int Requests, double Median, double P99, double Longest, string Refused)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Requests} requests, median {Median:0.0} ms, p99 {P99:0.0} ms, longest {Longest:0.0} ms, tried again: {(Refused.Length > 0 ? Refused : "none")}");
    }
}
