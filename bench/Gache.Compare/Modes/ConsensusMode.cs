using System.Globalization;
using System.Text;
using Gache.Compare.Report;
using Gache.Compare.Subjects;

namespace Gache.Compare.Modes;

/// <summary>Proposals inside a process: gache's replicas beside those of DotNext.Net.Cluster, without HTTP on either side.</summary>
internal static class ConsensusMode
{
    private const string Gache = "gache";

    // Each contestant is said in full: a run may leave others out.
    private const string DotNext = "DotNext.Net.Cluster 6.12, its TCP transport and write-ahead log";
    private const string Synced = "its log made to sync a leader's entries before a follower answers (a subclass of ten lines), so that the answer means what gache's means";
    private const string AsItComes = "as it comes: the leader syncs before it commits, a follower answers while its sync has only begun; so what is acknowledged is surely synced by one only";
    private const string EachAlone = "`ReplicateAsync` by each caller";
    private const string Batched = "what gathers while one batch is under way is appended together as the next, and all answered with its last";

    /// <summary>The most first: what a replica must carry is said for that.</summary>
    private static readonly int[] Callers = [256, 64, 1];

    private static readonly (string Name, string What)[] Known =
    [
        (Gache, "core, log, store and transport as the server wires them; each replica syncs before it answers or counts itself"),
        ("dotnext-synced", $"{DotNext}, {Synced}; {EachAlone}"),
        ("dotnext-synced-batched", $"{DotNext}, {Synced}; {Batched}"),
        ("dotnext", $"{DotNext}, {AsItComes}; {EachAlone}"),
        ("dotnext-batched", $"{DotNext}, {AsItComes}; {Batched}"),
    ];

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        string circumstances = bench.Circumstances(options);
        (string Name, string What)[] contestants = [.. Known.Where(each => options.Wants(each.Name))];
        Dictionary<string, List<Figures[]>> rounds = contestants.ToDictionary(each => each.Name, _ => new List<Figures[]>());
        for (int round = 0; round < options.Rounds; round++)
        {
            Console.Error.WriteLine($"bench/compare: round {round + 1} of {options.Rounds}");
            for (int i = 0; i < contestants.Length; i++)
            {
                string name = contestants[(i + round) % contestants.Length].Name;
                rounds[name].Add(await MeasureAsync(bench, name, options, stop).ConfigureAwait(false));
            }
        }

        Page.Write(bench, options, "consensus", Text(circumstances, contestants, rounds));
    }

    /// <summary>A process of its own, so that nobody finds what another left in memory.</summary>
    private static async Task<Figures[]> MeasureAsync(Workbench bench, string name, CompareOptions options, CancellationToken stop)
    {
        string folder = Directory.CreateDirectory(Path.Combine(bench.Folder, $"consensus-{Guid.NewGuid():N}")).FullName;
        string results = Path.Combine(folder, "results");
        ServerProcess process = bench.Start(
            name, Workbench.Built("GACHE_COMPARE_CONSENSUS"), name, folder, string.Join(',', Enumerable.Range(0, 3).Select(_ => bench.FreePort())),
            ((int)options.Duration.TotalSeconds).ToString(CultureInfo.InvariantCulture), string.Join(',', Callers), results);
        await Workbench.UntilAsync($"{name} ends", null, () => Task.FromResult(process.HasExited), stop).ConfigureAwait(false);
        bench.Remove(process);
        if (!File.Exists(results)) throw new CompareException($"{name} was not measured:\n{process.LogTail()}");
        Figures[] figures = [.. (await File.ReadAllLinesAsync(results, stop).ConfigureAwait(false)).Select(Figures.Parse)];
        Directory.Delete(folder, recursive: true);
        return figures;
    }

    private static string Text(string circumstances, IReadOnlyList<(string Name, string What)> contestants, Dictionary<string, List<Figures[]>> rounds)
    {
        var text = new StringBuilder(circumstances).Append(" Three replicas in one process, over TCP, each with its folder; 10,000 keys, values of 100 bytes.\n\n");
        foreach ((string name, string what) in contestants) text.Append(CultureInfo.InvariantCulture, $"- `{name}`: {what}.\n");

        var figures = new MarkdownTable("callers", "who", "proposals/s", "p50, ms", "p99, ms", "CPU a proposal, three replicas and callers, us");
        var ratios = new MarkdownTable("callers", "proposals/s of", "by those of", "ratio");
        for (int i = 0; i < Callers.Length; i++)
        {
            string callers = Callers[i].ToString(CultureInfo.InvariantCulture);
            foreach ((string name, _) in contestants)
            {
                Figures[] all = [.. rounds[name].Select(round => round[i])];
                figures.Add(
                    callers, name, Spread.Of(all.Select(each => each.PerSecond)).Show("0"), Spread.Of(all.Select(each => each.Median)).Median.ToString("0.00", CultureInfo.InvariantCulture),
                    Spread.Of(all.Select(each => each.P99)).Median.ToString("0.00", CultureInfo.InvariantCulture), Spread.Of(all.Select(each => each.Microseconds)).Show("0.0"));
                if (name != Gache && rounds.TryGetValue(Gache, out List<Figures[]>? gache))
                    ratios.Add(callers, Gache, name, Spread.Of(gache.Zip(all, (mine, theirs) => mine[i].PerSecond / theirs.PerSecond)).Show("0.00"));
            }
        }

        return text.Append('\n').Append(figures).Append('\n').Append(ratios).ToString();
    }

    /// <summary>A line of the measured process.</summary>
    private sealed record Figures(double PerSecond, double Median, double P99, double Microseconds)
    {
        public static Figures Parse(string line)
        {
            double[] numbers = [.. line.Split(' ').Skip(1).Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            return new Figures(numbers[0], numbers[1], numbers[2], numbers[3]);
        }
    }
}
