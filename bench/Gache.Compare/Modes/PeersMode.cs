using System.Globalization;
using System.Text;
using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Bench.Measure;
using Gache.Bench.Report;
using Gache.Compare.Report;
using Gache.Compare.Subjects;

namespace Gache.Compare.Modes;

/// <summary>gache beside what else one would take.</summary>
internal static class PeersMode
{
    private const int KeyCount = 10_000;
    private const int ValueBytes = 100;

    private static readonly string[] Alone = [Contestants.Bare, Contestants.LimitOne, Contestants.One, Contestants.EtcdJsonOne, Contestants.EtcdGrpcOne, Contestants.Redis, Contestants.Garnet];
    private static readonly string[] Replicated = [Contestants.LimitThree, Contestants.Three, Contestants.EtcdJsonThree, Contestants.EtcdGrpcThree];

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        string circumstances = bench.Circumstances(options);
        IReadOnlyList<ISubject> subjects = await new Contestants(bench, options, new KeySpace("gache:8000", "", ValueBytes), KeyCount).StartAsync(stop).ConfigureAwait(false);
        Console.Error.WriteLine("bench/compare: setting the keys");
        foreach (ISubject subject in subjects) await FillAsync(subject, stop).ConfigureAwait(false);

        var cases = new List<Measured>();
        void Add(IEnumerable<string> names, Part part, params int[] callers)
        {
            foreach (int count in callers)
            {
                foreach (string name in names)
                {
                    if (subjects.FirstOrDefault(subject => subject.Name == name) is { } subject) cases.Add(new Measured(subject, part, count));
                }
            }
        }

        Add([.. Alone, .. Replicated], Part.ParallelGet, 64);
        Add(Alone, Part.ParallelSet, 1, 64);
        Add(Replicated, Part.ParallelSet, 1, 64, 256);
        await Measured.RunRoundsAsync(cases, options, stop).ConfigureAwait(false);

        string plots = Page.Plots(bench, options);
        Plot(plots, "get", cases.Where(each => each.Part.Reads));
        Plot(plots, "post-one", cases.Where(each => !each.Part.Reads && each.Callers == 64 && Alone.Contains(each.Subject.Name)));
        Plot(plots, "post-three", cases.Where(each => !each.Part.Reads && each.Callers == 64 && Replicated.Contains(each.Subject.Name)));
        Page.Write(bench, options, "compare", Text(circumstances, subjects, cases));
        foreach (IDisposable subject in subjects.OfType<IDisposable>()) subject.Dispose();
    }

    private static bool IsGache(Measured each) => each.Subject.Name is Contestants.One or Contestants.Three;

    private static bool IsLimit(Measured each) => each.Subject.Name is Contestants.LimitOne or Contestants.LimitThree;

    private static async Task FillAsync(ISubject subject, CancellationToken stop)
    {
        LoadResult result = await subject.FillAsync(stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        if (result.Wrong > 0 || result.Right == 0) throw new CompareException($"{subject.Name} could not be filled: {string.Join("; ", result.WrongReasons.Concat(result.Failures))}");
    }

    private static void Plot(string folder, string name, IEnumerable<Measured> cases)
    {
        Series[] series = [.. cases.Select(each => new Series(each.Subject.Name, each.All()))];
        if (series.Length > 0) LatencyPlot.Draw(folder, name, series);
    }

    private static string Text(string circumstances, IReadOnlyList<ISubject> subjects, IReadOnlyList<Measured> cases)
    {
        var text = new StringBuilder(circumstances).Append(CultureInfo.InvariantCulture, $" {KeyCount:N0} keys, values of {ValueBytes} bytes, keys drawn uniformly.\n\n");
        foreach (ISubject subject in subjects) text.Append(CultureInfo.InvariantCulture, $"- `{subject.Name}`: {subject.What}.\n");

        var figures = new MarkdownTable("what", "callers", "who", "requests/s", "p50, ms", "p99, ms", "servers' CPU a request, us", "load's CPU a request, us");
        foreach (Measured each in cases)
        {
            figures.Add(
                each.Operation, each.Callers.ToString(CultureInfo.InvariantCulture), each.Subject.Name, each.Rate.Show("0"), each.Milliseconds(50).Median.ToString("0.00", CultureInfo.InvariantCulture),
                each.Milliseconds(99).Median.ToString("0.00", CultureInfo.InvariantCulture), each.ServerMicroseconds.Show("0.0"), each.OwnMicroseconds.Median.ToString("0.0", CultureInfo.InvariantCulture));
        }

        var ratios = new MarkdownTable("what", "callers", "requests/s of", "by those of", "ratio");
        bool hasRatio = false;
        foreach (Measured each in cases.Where(each => IsGache(each) || IsLimit(each)))
        {
            foreach (Measured other in cases.Where(other => other.Part == each.Part && other.Callers == each.Callers && !IsGache(other) && other != each))
            {
                // One node beside single processes, three beside three; all beside the bare endpoint. Of the limit, what gache is aimed at.
                if (other.Subject.Name != Contestants.Bare && Alone.Contains(other.Subject.Name) != Alone.Contains(each.Subject.Name)) continue;
                if (IsLimit(each) && other.Subject.Name is not (Contestants.Bare or Contestants.EtcdJsonOne or Contestants.EtcdJsonThree)) continue;
                ratios.Add(each.Operation, each.Callers.ToString(CultureInfo.InvariantCulture), each.Subject.Name, other.Subject.Name, each.RatioTo(other).Show("0.00"));
                hasRatio = true;
            }
        }

        text.Append('\n').Append(figures).Append('\n');
        if (hasRatio) text.Append(ratios).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"![Latency of GET, 64 callers]({Page.PlotFolder}/get.svg)\n![Latency of POST, one node, 64 callers]({Page.PlotFolder}/post-one.svg)\n![Latency of POST, three nodes, 64 callers]({Page.PlotFolder}/post-three.svg)\n");
        return text.ToString();
    }
}
