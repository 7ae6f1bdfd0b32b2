using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Bench.Measure;
using Gache.Compare.Report;
using Gache.Compare.Subjects;

namespace Gache.Compare.Modes;

/// <summary>What more keys, more connections and larger values cost one durable node.</summary>
internal static class GrowthMode
{
    private const int Callers = 64;
    private const int ValueBytes = 100;
    private const int LeastKeys = 10_000;
    private const int LeastCallers = 10;
    private const int Step = 10;

    /// <summary>Bound on all values of one size together.</summary>
    private const long ValuesBytes = 256L << 20;

    private static readonly TimeSpan QuietWithin = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly int[] ValueSizes = [1, 100, 10 << 10, 100 << 10, 1 << 20];

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        var text = new StringBuilder(bench.Circumstances(options)).Append(" One durable node.\n\n");
        Func<Workbench, CompareOptions, StringBuilder, CancellationToken, Task>[] parts = [KeysAsync, CallersAsync, ValuesAsync];
        foreach (Func<Workbench, CompareOptions, StringBuilder, CancellationToken, Task> part in parts)
        {
            await part(bench, options, text, stop).ConfigureAwait(false);
            Page.Write(bench, options, "growth", text.ToString()); // what was measured stays, whatever becomes of the next part
        }
    }

    private static async Task KeysAsync(Workbench bench, CompareOptions options, StringBuilder text, CancellationToken stop)
    {
        var all = new List<(int Keys, GacheNodes Nodes, Measured Get, Measured Post, double FillRate, double Resident, double Quiet)>();
        var cases = new List<Measured>();
        for (long count = LeastKeys; count <= options.MostKeys; count *= Step)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bench/compare: setting {count:N0} keys"));
            (GacheNodes nodes, WireSubject subject) = await StartAsync(bench, $"keys-{count}", ValueBytes, (int)count, stop).ConfigureAwait(false);
            LoadResult filled = await subject.FillAsync(stop).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            var get = new Measured(subject, Part.ParallelGet, Callers);
            var post = new Measured(subject, Part.ParallelSet, Callers);
            cases.AddRange([get, post]);
            double resident = nodes.Processes[0].ResidentBytes;
            all.Add(((int)count, nodes, get, post, filled.PerSecond, resident, await QuietAsync(nodes, stop).ConfigureAwait(false)));
        }

        await Measured.RunRoundsAsync(cases, options, stop).ConfigureAwait(false);
        var table = new MarkdownTable("keys", "GET/s", "by that of 10,000 keys", "POST/s", "by that of 10,000 keys", "filled at, POST/s", "resident after that, MB", "once it is quiet, MB", "killed and started again, first answer after, ms");
        foreach ((int count, GacheNodes nodes, Measured get, Measured post, double fillRate, double resident, double quiet) in all)
        {
            nodes.Processes[0].Kill();
            await nodes.StartAsync(0, stop).ConfigureAwait(false);
            double restart = Stopwatch.GetElapsedTime(nodes.Processes[0].StartedAt).TotalMilliseconds;
            table.Add(
                Count(count), get.Rate.Show("0"), get.RatioTo(all[0].Get).Show("0.00"), post.Rate.Show("0"), post.RatioTo(all[0].Post).Show("0.00"),
                Count((long)fillRate), (resident / 1e6).ToString("0", CultureInfo.InvariantCulture), (quiet / 1e6).ToString("0", CultureInfo.InvariantCulture),
                restart.ToString("0", CultureInfo.InvariantCulture));
        }

        foreach ((_, GacheNodes nodes, _, _, _, _, _) in all) bench.Remove(nodes.Processes[0]);
        text.Append(CultureInfo.InvariantCulture, $"Keys, with values of {ValueBytes} bytes and {Callers} callers:\n\n").Append(table).Append('\n');
    }

    /// <summary>What stays resident: a node gives back what a busy time took once it has been quiet for half a minute.</summary>
    private static async Task<double> QuietAsync(GacheNodes nodes, CancellationToken stop)
    {
        long began = Stopwatch.GetTimestamp();
        double least = double.MaxValue;
        while (Stopwatch.GetElapsedTime(began) < QuietWithin)
        {
            await Task.Delay(LookEvery, stop).ConfigureAwait(false);
            least = Math.Min(least, nodes.Processes[0].ResidentBytes);
        }

        return least;
    }

    private static async Task CallersAsync(Workbench bench, CompareOptions options, StringBuilder text, CancellationToken stop)
    {
        (GacheNodes nodes, WireSubject subject) = await StartAsync(bench, "callers", ValueBytes, LeastKeys, stop).ConfigureAwait(false);
        await subject.FillAsync(stop).ConfigureAwait(false);
        subject.BacksOff = true; // ten thousand that write at once are more than the queue holds, and are told to come again
        Measured[] cases =
        [
            .. Powers(LeastCallers, options.MostCallers).SelectMany(
                count => (Measured[])[new(subject, Part.ParallelGet, count, mayBeRefused: true), new(subject, Part.ParallelSet, count, mayBeRefused: true)]),
        ];
        await Measured.RunRoundsAsync(cases, options, stop).ConfigureAwait(false);
        var table = new MarkdownTable("connections", "what", "requests/s", "p50, ms", "p99, ms", "refused, %", "server's CPU a request, us");
        foreach (Measured each in cases)
        {
            table.Add(
                Count(each.Callers), each.Operation, each.Rate.Show("0"), each.Milliseconds(50).Median.ToString("0.00", CultureInfo.InvariantCulture),
                each.Milliseconds(99).Median.ToString("0.00", CultureInfo.InvariantCulture),
                each.RefusedPercent.Median.ToString("0.0", CultureInfo.InvariantCulture), each.ServerMicroseconds.Show("0.0"));
        }

        bench.Remove(nodes.Processes[0]);
        text.Append("Connections, each with one request at a time; those that are refused (429) rest for as long as the answer says:\n\n").Append(table).Append('\n');
    }

    private static async Task ValuesAsync(Workbench bench, CompareOptions options, StringBuilder text, CancellationToken stop)
    {
        var cases = new List<(int Bytes, Measured Case)>();
        var started = new List<GacheNodes>();
        foreach (int bytes in ValueSizes)
        {
            (GacheNodes nodes, WireSubject subject) = await StartAsync(bench, $"values-{bytes}", bytes, (int)Math.Min(LeastKeys, ValuesBytes / bytes), stop).ConfigureAwait(false);
            await subject.FillAsync(stop).ConfigureAwait(false);
            started.Add(nodes);
            subject.BacksOff = true; // 64 times 1 MiB is all that the queue holds
            cases.AddRange([(bytes, new Measured(subject, Part.ParallelGet, Callers, mayBeRefused: true)), (bytes, new Measured(subject, Part.ParallelSet, Callers, mayBeRefused: true))]);
        }

        await Measured.RunRoundsAsync([.. cases.Select(each => each.Case)], options, stop).ConfigureAwait(false);
        var table = new MarkdownTable("bytes of a value", "what", "requests/s", "MB/s of values", "p99, ms", "refused, %");
        foreach ((int bytes, Measured each) in cases)
        {
            table.Add(
                Count(bytes), each.Operation, each.Rate.Show("0"), (each.Rate.Median * bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture),
                each.Milliseconds(99).Median.ToString("0.00", CultureInfo.InvariantCulture), each.RefusedPercent.Median.ToString("0.0", CultureInfo.InvariantCulture));
        }

        foreach (GacheNodes nodes in started) bench.Remove(nodes.Processes[0]);
        text.Append(CultureInfo.InvariantCulture, $"Values, {Callers} callers:\n\n").Append(table);
    }

    private static async Task<(GacheNodes Nodes, WireSubject Subject)> StartAsync(Workbench bench, string name, int valueBytes, int keyCount, CancellationToken stop)
    {
        GacheNodes nodes = await GacheNodes.StartAsync(bench, name, 1, stop).ConfigureAwait(false);
        return (nodes, await nodes.SubjectAsync("", new KeySpace("gache:8000", "", valueBytes), keyCount, stop).ConfigureAwait(false));
    }

    private static IEnumerable<int> Powers(int least, int most)
    {
        for (long power = least; power <= most; power *= Step) yield return (int)power;
    }

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
