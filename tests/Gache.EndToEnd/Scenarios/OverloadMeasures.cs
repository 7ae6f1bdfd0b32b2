using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>How a node fares when three times as much is due as it can carry out. Run by hand, on a quiet machine (CONTRIBUTING.md).</summary>
public sealed class OverloadMeasures
{
    private const int Seconds = 15;
    private const int ManyCallers = 10_000; // more than the queue holds

    [Fact(Explicit = true)]
    public async Task Three_times_the_capacity_of_writes()
    {
        using var folder = new TestFolder();
        await using var node = new Node("node", folder["node"]) { From = folder.Path, HasRaft = false };
        await node.StartReadyAsync();
        JsonElement peak = await BenchAsync(node, folder, "peak", "-c", "256");
        double capacity = peak.GetProperty("perSecond").GetDouble();
        long before = OverloadTests.PeakMemoryKilobytes(node);

        await using var prober = new Prober(node);
        JsonElement over = await BenchAsync(node, folder, "over", "-c", $"{ManyCallers}", "--rate", (capacity * 3).ToString("0", CultureInfo.InvariantCulture));
        await prober.StopAsync();

        double good = over.GetProperty("perSecond").GetDouble();
        Say($"peak {capacity:0}/s; at three times that {good:0}/s, {good / capacity:P0} of it; refused {over.GetProperty("refused").GetInt64() / (double)Seconds:0}/s, unanswered {over.GetProperty("unanswered")}, wrong {over.GetProperty("wrong")}");
        Say($"memory at most {before / 1024} MiB before, {OverloadTests.PeakMemoryKilobytes(node) / 1024} MiB after");
        Say($"probes: {prober}");
        Say($"failures: {over.GetProperty("failures")}");
        Assert.True(good >= capacity * 0.7, "the good put falls under load");
    }

    private static async Task<JsonElement> BenchAsync(Node node, TestFolder folder, string name, params string[] more)
    {
        string file = folder[$"{name}.json"];
        await using var bench = new ChildProcess(
            "bench", ServerBinary.Bench,
            ["bench", node.Api, "--only", "PSet", "--seconds", $"{Seconds}", "--value-size", "100", "--verify", "status", "--prefix", $"{name}-", "--json", file, .. more], folder.Path);
        await bench.ExitAsync(TimeSpan.FromMinutes(2));
        return JsonDocument.Parse(await File.ReadAllBytesAsync(file)).RootElement.GetProperty("parts")[0];
    }

    private static void Say(FormattableString words) => TestContext.Current.SendDiagnosticMessage(words.ToString(CultureInfo.InvariantCulture));

    /// <summary>A client with a connection of its own that writes fifty times a second.</summary>
    private sealed class Prober : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly ConcurrentBag<(int Status, double Milliseconds)> answers = [];
        private readonly Task task;

        public Prober(Node node) => task = Task.Run(() => RunAsync(node));

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

        public override string ToString() => string.Join("; ", answers.GroupBy(answer => answer.Status).OrderBy(group => group.Key).Select(group =>
        {
            double[] times = [.. group.Select(answer => answer.Milliseconds).Order()];
            return string.Create(CultureInfo.InvariantCulture, $"{times.Length} x {group.Key}: median {times[times.Length / 2]:0.0} ms, p99 {times[(int)(times.Length * 0.99)]:0.0} ms, longest {times[^1]:0.0} ms");
        }));

        private async Task RunAsync(Node node)
        {
            var under = new List<Task>();
            while (!stop.IsCancellationRequested)
            {
                under.Add(AskAsync(node));
                await Task.Delay(20); // the pace at which it asks: open loop, whatever the answers do
            }

            await Task.WhenAll(under);
        }

        private async Task AskAsync(Node node)
        {
            long began = Stopwatch.GetTimestamp();
            Answer answer = await node.Client.SendAsync(HttpMethod.Post, node.Key("probe"), "v"u8.ToArray());
            answers.Add((answer.Status, Stopwatch.GetElapsedTime(began).TotalMilliseconds));
        }
    }
}
