using System.Globalization;
using System.Text;
using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Bench.Measure;
using Gache.Compare.Report;
using Gache.Compare.Subjects;
using HdrHistogram;

namespace Gache.Compare.Modes;

/// <summary>What writes feel of a snapshot and of the log that is cut behind it: an open loop at half of the peak, in windows with and without one.</summary>
internal static class SnapshotMode
{
    private const int Callers = 64;
    private const int KeyCount = 1_000_000;
    private const int ValueBytes = 100;
    private const int MostWindows = 100;

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        string circumstances = bench.Circumstances(options);
        var table = new MarkdownTable(
            "nodes", "POST/s", "windows with a snapshot, without", "p50 without, with, ms", "p99 without, ms", "p99 with, ms", "ratio of the p99s", "longest with, ms");
        foreach ((string name, int count) in new[] { (Contestants.One, 1), (Contestants.Three, 3) })
        {
            if (!options.Wants(name)) continue;
            GacheNodes nodes = await GacheNodes.StartAsync(bench, name, count, stop).ConfigureAwait(false);
            WireSubject subject = await nodes.SubjectAsync("", new KeySpace("gache:8000", "", ValueBytes), KeyCount, stop).ConfigureAwait(false);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bench/compare: {name}: setting {KeyCount:N0} keys"));
            await subject.FillAsync(stop).ConfigureAwait(false);
            double rate = (await RightAsync(subject, options.Duration, null, stop).ConfigureAwait(false)).PerSecond / 2;
            LongHistogram with = Tally.NewHistogram(), without = Tally.NewHistogram();
            int taken = 0, quiet = 0;
            LoadResult? last = null; // without one that was finished in it; one that is finished in the next may have begun in it
            for (int window = 0; (taken < options.Rounds || quiet < options.Rounds) && window < MostWindows; window++)
            {
                double before = await TakenAsync(bench, nodes, stop).ConfigureAwait(false);
                LoadResult result = await RightAsync(subject, options.Duration, rate, stop).ConfigureAwait(false);
                bool isWith = await TakenAsync(bench, nodes, stop).ConfigureAwait(false) > before;
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"bench/compare: {name}, window {window + 1}: {(isWith ? "a snapshot" : "no snapshot")}, p99 {Latencies.Of(result.All).P99.TotalMilliseconds:0.0} ms"));
                if (isWith)
                {
                    with.Add(result.All);
                    taken++;
                }
                else if (last is not null)
                {
                    without.Add(last.All);
                    quiet++;
                }

                last = isWith ? null : result;
            }

            foreach (ServerProcess process in nodes.Processes) bench.Remove(process);
            (Latencies during, Latencies otherwise) = (Latencies.Of(with), Latencies.Of(without));
            table.Add(
                count.ToString(CultureInfo.InvariantCulture), rate.ToString("0", CultureInfo.InvariantCulture), string.Create(CultureInfo.InvariantCulture, $"{taken}, {quiet}"),
                $"{Milliseconds(otherwise.Median)}, {Milliseconds(during.Median)}", Milliseconds(otherwise.P99), Milliseconds(during.P99),
                (during.P99 / otherwise.P99).ToString("0.00", CultureInfo.InvariantCulture), Milliseconds(during.Most));
        }

        var text = new StringBuilder(circumstances).Append(
            CultureInfo.InvariantCulture, $" {KeyCount:N0} keys, values of {ValueBytes} bytes, {Callers} callers; latencies from the moment at which a request was due; a window counts as one with a snapshot if one was finished in it, and as one without if none was in it and in the next, which may have begun in it.\n\n").Append(table);
        Page.Write(bench, options, "snapshot", text.ToString());
    }

    private static async Task<LoadResult> RightAsync(WireSubject subject, TimeSpan duration, double? rate, CancellationToken stop)
    {
        LoadResult result = await subject.RunAsync(Part.ParallelSet, Callers, duration, rate, stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        if (result.Wrong + result.Refused + result.Unanswered > 0 || result.Right == 0)
            throw new CompareException($"{subject.Name}: not all answers were right: {string.Join("; ", result.WrongReasons.Concat(result.Failures))}");
        return result;
    }

    /// <summary>How many snapshots the nodes say they have taken.</summary>
    private static async Task<double> TakenAsync(Workbench bench, GacheNodes nodes, CancellationToken stop)
    {
        double all = 0;
        foreach (string address in nodes.Addresses)
        {
            string metrics = await bench.Http.GetStringAsync(new Uri($"http://{address}/metrics"), stop).ConfigureAwait(false);
            string line = metrics.Split('\n').Single(line => line.StartsWith("gache_snapshot_taken_total", StringComparison.Ordinal));
            all += double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        }

        return all;
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture);
}
