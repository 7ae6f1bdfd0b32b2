using System.Globalization;
using System.Text;
using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Bench.Measure;
using Gache.Compare.Report;
using Gache.Compare.Subjects;

namespace Gache.Compare.Modes;

/// <summary>Whether a shard whose machine is fully loaded, and to which nothing happens, holds elections: each would be a false one.</summary>
internal static class ElectionsMode
{
    private const int KeyCount = 100_000;
    private const int ValueBytes = 100;

    private static readonly (string What, Part Part, int Callers)[] Loads =
    [
        ("POST", Part.ParallelSet, 64), ("POST", Part.ParallelSet, 256), ("GET", Part.ParallelGet, 64), ("half GET, half POST", Part.Mix(0.5), 256),
    ];

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        string circumstances = bench.Circumstances(options);
        GacheNodes nodes = await GacheNodes.StartAsync(bench, Contestants.Three, 3, stop).ConfigureAwait(false);
        int leader = await nodes.LeaderAsync(stop).ConfigureAwait(false);
        WireSubject subject = await nodes.SubjectAsync("", new KeySpace("gache:8000", "", ValueBytes), KeyCount, stop).ConfigureAwait(false);
        ulong term = await nodes.TermAsync(leader, stop).ConfigureAwait(false);
        await subject.FillAsync(stop).ConfigureAwait(false);
        var results = new List<LoadResult>[Loads.Length];
        var elections = new ulong[Loads.Length];
        for (int round = 0; round < options.Rounds; round++)
        {
            for (int n = 0; n < Loads.Length; n++)
            {
                (string what, Part part, int callers) = Loads[n];
                LoadResult result = await subject.RunAsync(part, callers, options.Duration, stop).ConfigureAwait(false);
                stop.ThrowIfCancellationRequested();
                if (result.Wrong > 0) throw new CompareException($"{result.Wrong} answers were wrong: {string.Join("; ", result.WrongReasons)}");
                ulong now = await nodes.TermAsync(leader, stop).ConfigureAwait(false);
                ulong held = now - term; // since the load before, so that none is missed; the first one's with the filling
                (elections[n], term) = (elections[n] + held, now);
                (results[n] ??= []).Add(result);
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"bench/compare: round {round + 1} of {options.Rounds}, {what}, {callers} callers: {result.PerSecond:0}/s, {held} elections, longest gap {result.LongestWriteGap.TotalMilliseconds:0} ms"));
            }
        }

        var table = new MarkdownTable("load", "callers", "minutes", "requests/s", "answers", "refused or unanswered", "elections", "longest gap between acknowledged writes, ms");
        for (int n = 0; n < Loads.Length; n++)
        {
            (string what, _, int callers) = Loads[n];
            table.Add(
                what, callers.ToString(CultureInfo.InvariantCulture), (options.Duration * options.Rounds).TotalMinutes.ToString("0.0", CultureInfo.InvariantCulture),
                Spread.Of(results[n].Select(result => result.PerSecond)).Show("0"), results[n].Sum(result => result.Right).ToString("N0", CultureInfo.InvariantCulture),
                results[n].Sum(result => result.Refused + result.Unanswered).ToString(CultureInfo.InvariantCulture), elections[n].ToString(CultureInfo.InvariantCulture),
                results[n].Max(result => result.LongestWriteGap.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture));
        }

        var text = new StringBuilder(circumstances).Append(CultureInfo.InvariantCulture, $" {KeyCount:N0} keys, values of {ValueBytes} bytes.\n\n").Append(table);
        Page.Write(bench, options, "elections", text.ToString());
    }
}
