using System.Text;
using Gache.Cluster;
using Gache.Replication;

namespace Gache.Simulation;

/// <summary>A client that watches keys at some node, goes on at another one when its watch ends, and keeps what it was told.</summary>
/// <remarks>Between two watches it knows nothing but its last cursor, as a browser does.</remarks>
internal sealed class WatchingClient
{
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MostSlow = TimeSpan.FromSeconds(3);
    private const double Leaves = 0.01;
    private const double IsSlow = 0.02;

    private readonly World world;
    private readonly SeededRandom random;
    private readonly string name;
    private readonly WatchFilter filter;
    private readonly List<Stretch> stretches = []; // the next one begins where a history did not reach back
    private string? cursor;
    private int watch; // the present one; what an earlier one still says is not heard

    /// <summary>Begins to watch: all keys, one key, or a prefix.</summary>
    public WatchingClient(int number, World world, SeededRandom random, WorkloadOptions workload)
    {
        (this.world, this.random, name) = (world, random, $"w{number}");
        filter = number % 2 == 0 ? WatchFilter.OfPrefix([]) : WatchFilter.OfKey(Encoding.UTF8.GetBytes(workload.KeyOf(random.Next(workload.Keys))));
        world.Scheduler.After(Again, Open);
    }

    /// <summary>How many changes it was told.</summary>
    public int Told => stretches.Sum(stretch => stretch.Told.Count);

    /// <summary>How often it went on from a cursor.</summary>
    public int Resumed { get; private set; }

    /// <summary>How often that could not be.</summary>
    public int Compacted { get; private set; }

    /// <summary>Whether its place is behind everything that was committed.</summary>
    public bool HasSeenAll(CommittedChanges changes) => cursor is not null && TryPlaces(cursor, out List<SlotPlace> places)
        && changes.InOrder.Where(change => filter.Includes(change.Slot) && filter.Matches(Encoding.UTF8.GetBytes(change.Key))).All(change => IsBehind(places, change));

    /// <summary>Every change after its first place and not after its last one was told once, in order by key, and nothing else.</summary>
    public void Judge(CommittedChanges changes)
    {
        CommittedChange[] wanted = [.. changes.InOrder.Where(change => filter.Matches(Encoding.UTF8.GetBytes(change.Key)))];
        foreach (Stretch stretch in stretches)
        {
            if (!TryPlaces(stretch.First, out List<SlotPlace> first) || !TryPlaces(stretch.Last, out List<SlotPlace> last))
            {
                world.Fail(new("a watch's cursor cannot be read", $"{name}: {stretch.First} or {stretch.Last}"));
                return;
            }

            ILookup<string, CommittedChange> told = stretch.Told.ToLookup(change => change.Key);
            ILookup<string, CommittedChange> due = wanted.Where(change => !IsBehind(first, change) && IsBehind(last, change)).ToLookup(change => change.Key);
            foreach (string key in told.Select(group => group.Key).Union(due.Select(group => group.Key)))
            {
                CommittedChange[] seen = [.. told[key]];
                CommittedChange[] expected = [.. due[key]];
                int same = 0;
                while (same < seen.Length && same < expected.Length && IsTold(expected[same], seen[same])) same++;
                if (same == seen.Length && same == expected.Length) continue;
                world.Fail(new("a watch missed, doubled or disordered a change",
                    $"{name}, key {key}, change {same} of {expected.Length}: told {(same < seen.Length ? seen[same] : "nothing")}, committed {(same < expected.Length ? expected[same] : "nothing")}"));
                return;
            }
        }
    }

    private static bool IsTold(CommittedChange committed, CommittedChange told) => committed with { Epoch = 0 } == told;

    private static bool IsBehind(List<SlotPlace> places, CommittedChange change)
    {
        SlotPlace place = places.First(place => place.First <= change.Slot && change.Slot <= place.Last);
        return change.Epoch < place.Epoch || (change.Epoch == place.Epoch && change.Revision <= place.Revision);
    }

    private bool TryPlaces(string text, out List<SlotPlace> places) =>
        WatchCursor.TryParse(text, world.Machines[0].Folder?.Cluster ?? world.Machines.First(m => m.Folder is not null).Folder!.Cluster, filter, out places);

    private void Open()
    {
        int opened = ++watch;
        Machine machine = random.Pick(world.Machines);
        if (machine.Process is not { IsAlive: true } process || machine.Run?.Cluster is not { } cluster)
        {
            world.Scheduler.After(Again, Open);
            return;
        }

        process.Killed += () => Ended(opened);
        process.After(Way, () => _ = WatchAsync(opened, process, cluster.Watches));
    }

    private async Task WatchAsync(int opened, NodeProcess process, Watches watches)
    {
        string? from = cursor;
        WatchStart start = await watches.BeginAsync(filter, from).ConfigureAwait(false);
        if (opened != watch)
        {
            start.Watcher?.Dispose();
            return;
        }

        world.Trace?.Add(name, $"watches at {process.Name} from {from ?? "now"}: {start.Why}");
        if (start.Why == WatchRefusal.CursorMalformed) world.Fail(new("a cursor was refused", $"{name} at {process.Name}: {from}"));
        if (start.Why == WatchRefusal.Compacted) NoteCompacted();
        if (start.Watcher is not { } watcher)
        {
            Ended(opened);
            return;
        }

        if (from is not null) Resumed++;
        WatchEnd end = await watcher.RunAsync(new Sink(this, opened, process)).ConfigureAwait(false);
        if (opened != watch) return;
        if (end == WatchEnd.Compacted) NoteCompacted();
        Ended(opened);
    }

    private void NoteCompacted()
    {
        Compacted++;
        cursor = null;
    }

    private void Ended(int opened)
    {
        if (opened != watch) return;
        watch++;
        world.Scheduler.After(Again, Open);
    }

    private void Take(string place)
    {
        if (cursor is null) stretches.Add(new Stretch(place));
        (cursor, stretches[^1].Last) = (place, place);
    }

    /// <summary>What was told from a first place on.</summary>
    private sealed class Stretch(string first)
    {
        public string First { get; } = first;

        public string Last { get; set; } = first;

        public List<CommittedChange> Told { get; } = [];
    }

    private sealed class Sink(WatchingClient client, int opened, NodeProcess process) : IWatchSink
    {
        private bool IsHeard => client.watch == opened;

        public ValueTask<bool> ReadyAsync(string cursor)
        {
            if (IsHeard) client.Take(cursor);
            return new(IsHeard);
        }

        public ValueTask<bool> SendAsync(WatchBatch batch)
        {
            while (IsHeard && batch.TryTake(out WatchedChange change, out string? cursor))
            {
                client.Take(cursor);
                client.stretches[^1].Told.Add(new CommittedChange(
                    change.Slot, 0, change.Revision, Encoding.UTF8.GetString(change.Key), change.Kind, Convert.ToHexString(change.Value)));
                if (client.random.Chance(Leaves)) client.Ended(opened); // in the midst of it, perhaps
            }

            if (!client.random.Chance(IsSlow)) return new(IsHeard);
            var taken = new TaskCompletionSource<bool>();
            process.After(client.random.Between(TimeSpan.Zero, MostSlow), () => taken.SetResult(IsHeard));
            return new(taken.Task);
        }

        public ValueTask<bool> ProgressAsync(string cursor)
        {
            if (IsHeard) client.Take(cursor);
            return new(IsHeard);
        }

        public ValueTask CloseAsync(WatchEnd why, string cursor)
        {
            if (IsHeard) client.Take(cursor);
            return default;
        }

        public void Abort() => client.Ended(opened);
    }
}
