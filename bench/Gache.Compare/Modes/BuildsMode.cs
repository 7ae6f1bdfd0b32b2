using System.Globalization;
using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Compare.Report;
using Gache.Compare.Subjects;

namespace Gache.Compare.Modes;

/// <summary>gache beside another build of it, an older one most likely: whether a change costs anything, or gains what it was made for.</summary>
internal static class BuildsMode
{
    private const int KeyCount = 10_000;
    private const int ValueBytes = 100;
    private const int Callers = 64;

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        if (!File.Exists(options.Other)) throw new CompareException($"there is no program {options.Other}");
        string circumstances = bench.Circumstances(options);
        var pairs = new List<(Measured This, Measured Other)>();
        foreach (int count in (int[])[1, 3])
        {
            WireSubject present = await StartAsync(bench, "this", Workbench.Built("GACHE_COMPARE_NODE"), count, stop).ConfigureAwait(false);
            WireSubject other = await StartAsync(bench, "other", options.Other, count, stop).ConfigureAwait(false);
            foreach (Part part in (Part[])[Part.ParallelGet, Part.ParallelSet]) pairs.Add((new Measured(present, part, Callers), new Measured(other, part, Callers)));
        }

        await Measured.RunRoundsAsync([.. pairs.SelectMany(pair => (Measured[])[pair.This, pair.Other])], options, stop).ConfigureAwait(false);

        var table = new MarkdownTable("what", "nodes", "requests/s of this one", "of the other", "ratio", "servers' CPU a request, us", "of the other");
        foreach ((Measured present, Measured other) in pairs)
        {
            table.Add(
                present.Operation, present.Subject.Processes.Count.ToString(CultureInfo.InvariantCulture), present.Rate.Show("0"), other.Rate.Show("0"), present.RatioTo(other).Show("0.000"),
                present.ServerMicroseconds.Show("0.0"), other.ServerMicroseconds.Show("0.0"));
        }

        Console.WriteLine($"{circumstances} {Callers} callers; the other build: {options.Other}\n\n{table}");
    }

    private static async Task<WireSubject> StartAsync(Workbench bench, string name, string program, int count, CancellationToken stop)
    {
        GacheNodes nodes = await GacheNodes.StartAsync(bench, string.Create(CultureInfo.InvariantCulture, $"{name}-of-{count}"), program, count, stop).ConfigureAwait(false);
        WireSubject subject = await nodes.SubjectAsync("", new KeySpace("gache:8000", "", ValueBytes), KeyCount, stop).ConfigureAwait(false);
        await subject.FillAsync(stop).ConfigureAwait(false);
        return subject;
    }
}
