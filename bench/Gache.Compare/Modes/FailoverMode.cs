using System.Globalization;
using System.Text;
using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Bench.Measure;
using Gache.Bench.Report;
using Gache.Bench.Wire;
using Gache.Compare.Report;
using Gache.Compare.Subjects;

namespace Gache.Compare.Modes;

/// <summary>How long nobody gets a write acknowledged when a leader dies, and when it is paused.</summary>
internal static class FailoverMode
{
    private const int Callers = 16;
    private const int KeyCount = 10_000;

    /// <summary>How long it is loaded before something happens.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(1.5);

    /// <summary>How long a paused leader stays so; longer than any election.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>When a client gives up a leader that does not answer; part of the gap it sees.</summary>
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        string circumstances = bench.Circumstances(options);
        GacheNodes nodes = await GacheNodes.StartAsync(bench, Contestants.Three, 3, stop).ConfigureAwait(false);
        string plots = Page.Plots(bench, options);
        var table = new MarkdownTable("what", "rounds", "longest gap between acknowledged writes, ms: median [least-worst]", "writes acknowledged", "wrong answers");
        foreach ((string what, string signal) in new[] { ("the leader is killed (`kill -9`)", "KILL"), ("the leader is paused (`kill -STOP`, 2 s)", "STOP") })
        {
            var results = new List<LoadResult>();
            for (int round = 0; round < options.Rounds; round++)
            {
                Console.Error.WriteLine($"bench/compare: {signal}, round {round + 1} of {options.Rounds}");
                await nodes.VotersAsync(stop).ConfigureAwait(false);
                LoadResult result = await RoundAsync(nodes, options, signal, stop).ConfigureAwait(false);
                if (result.Wrong > 0) throw new CompareException($"{result.Wrong} answers were wrong: {string.Join("; ", result.WrongReasons)}");
                results.Add(result);
                if (round == 0) ThroughputPlot.Draw(plots, $"failover-{signal.ToLowerInvariant()}", [new Series("POST, three nodes", result)], [(Before, signal)]);
            }

            table.Add(
                what, results.Count.ToString(CultureInfo.InvariantCulture), Spread.Of(results.Select(result => result.LongestWriteGap.TotalMilliseconds)).Show("0"),
                results.Sum(result => result.Right).ToString("N0", CultureInfo.InvariantCulture), "0");
        }

        var text = new StringBuilder(circumstances).Append(CultureInfo.InvariantCulture, $" {Callers} callers that write, and give an answer up after {ClientTimeout.TotalMilliseconds:0} ms.\n\n").Append(table)
            .Append(CultureInfo.InvariantCulture, $"\n![Throughput while a leader is killed]({Page.PlotFolder}/failover-kill.svg)\n![Throughput while a leader is paused]({Page.PlotFolder}/failover-stop.svg)\n");
        Page.Write(bench, options, "failover", text.ToString());
    }

    private static async Task<LoadResult> RoundAsync(GacheNodes nodes, CompareOptions options, string signal, CancellationToken stop)
    {
        int leader = await nodes.LeaderAsync(stop).ConfigureAwait(false);
        var subject = new WireSubject(Contestants.Three, "", nodes.Processes, new KeyWire(new KeySpace("gache:8000", "", 100), Verification.Content, null), KeyCount, [.. nodes.Addresses])
        {
            Timeout = ClientTimeout,
        };
        TimeSpan length = options.Duration > Before + Pause ? options.Duration : Before + Pause;
        Task<LoadResult> load = subject.RunAsync(Part.ParallelSet, Callers, length, stop);
        await Task.Delay(Before, stop).ConfigureAwait(false);
        if (signal == "KILL")
        {
            nodes.Processes[leader].Kill();
        }
        else
        {
            nodes.Processes[leader].Signal("STOP");
            await Task.Delay(Pause, stop).ConfigureAwait(false);
            nodes.Processes[leader].Signal("CONT");
        }

        LoadResult result = await load.ConfigureAwait(false);
        if (signal == "KILL") await nodes.StartAsync(leader, stop).ConfigureAwait(false);
        return result;
    }
}
