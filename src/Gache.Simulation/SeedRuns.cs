using System.Collections.Concurrent;

namespace Gache.Simulation;

/// <summary>Plays many seeds, each in a world of its own, on as many threads as asked for; a world never leaves its thread.</summary>
public static class SeedRuns
{
    /// <summary>Plays seeds until all are done or, unless told to go on, one shows a violation.</summary>
    /// <param name="seeds">The seeds, in the order in which they are begun.</param>
    /// <param name="options">What kind of worlds.</param>
    /// <param name="threads">How many worlds live at once.</param>
    /// <param name="goesOn">Whether to go on after a violation.</param>
    /// <returns>The reports of those that were played, by seed; after a violation those under way are still finished.</returns>
    public static IReadOnlyList<WorldReport> Play(IEnumerable<ulong> seeds, WorldOptions options, int threads, bool goesOn = false)
    {
        using IEnumerator<ulong> next = seeds.GetEnumerator();
        var gate = new Lock();
        var reports = new ConcurrentBag<WorldReport>();
        bool isOver = false;
        List<Thread> workers = [.. Enumerable.Range(1, threads).Select(i => new Thread(Work) { Name = $"world {i}" })];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        return [.. reports.OrderBy(r => r.Seed)];

        void Work()
        {
            while (TryNext(out ulong seed))
            {
                WorldReport report = new World(seed, options).Run();
                reports.Add(report);
                if (report.Violation is not null && !goesOn) isOver = true;
            }
        }

        bool TryNext(out ulong seed)
        {
            lock (gate)
            {
                seed = 0;
                if (isOver || !next.MoveNext()) return false;
                seed = next.Current;
                return true;
            }
        }
    }

    /// <summary>Plays a seed once more, keeping its trace.</summary>
    public static WorldReport PlayTraced(ulong seed, WorldOptions options) => new World(seed, options, traces: true).Run();

    /// <summary>What a person needs to see of a failed seed, and to come back to it.</summary>
    /// <param name="failed">The report of a run that kept its trace.</param>
    /// <param name="command">The command that replays it.</param>
    public static string Describe(WorldReport failed, string command) =>
        $"{failed.Violation}\n{failed}\nthe last events:\n{string.Join('\n', failed.Trace)}\nreplay: {command}";
}
