using System.Globalization;
using System.Text;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>Writes some keys that stay, and then scans all keys, page by page and again and again: each that stays is told exactly once in each scan.</summary>
internal sealed class Scanner
{
    private const int Stable = 12;
    private const int KeysOfPage = 3; // so that a scan has many pages, and lives through moves and crashes
    private static readonly TimeSpan MostThinking = TimeSpan.FromMilliseconds(400);

    private readonly World world;
    private readonly SeededRandom random;
    private readonly List<byte[]> stable;
    private readonly List<byte[]> told = [];
    private int written;
    private bool isStopped;

    /// <summary>Begins to write its keys.</summary>
    public Scanner(World world, SeededRandom random, WorkloadOptions workload)
    {
        (this.world, this.random) = (world, random);
        stable = [.. Enumerable.Range(0, Stable).Select(i => Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{(workload.Tags == 0 ? "" : $"{{s{i % workload.Tags}}}")}stays{i}")))];
        Write();
    }

    /// <summary>How many scans came to their end.</summary>
    public int Scans { get; private set; }

    /// <summary>True while it asks nothing, and will not.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>Begins no other scan; the one under way goes on to its end.</summary>
    public void Stop() => isStopped = true;

    private void Write()
    {
        byte[] key = stable[written];
        _ = new Errand(world, random, async machine =>
        {
            WriteAnswer answer = await machine.WriteAsync(key, Command.EncodeSet(key, "stays"u8)).ConfigureAwait(false); // writing it twice changes nothing of a scan
            return (answer.Refusal is null ? Written : null, answer.Refusal);
        });

        void Written()
        {
            if (++written < Stable) Write();
            else Begin();
        }
    }

    private void Begin()
    {
        told.Clear();
        Read(ScanPosition.Start);
    }

    private void Read(ScanPosition from) => _ = new Errand(world, random, async machine =>
    {
        Inspected<ScanPage> answer = await machine.ScanAsync(new ScanQuery(default, from, Slot.Count - 1, KeysOfPage, ScanQuery.MaxBytesOfPage, WithValues: false)).ConfigureAwait(false);
        return (answer.Seen is { } page ? () => Told(page) : null, answer.Refusal);
    });

    private void Told(ScanPage page)
    {
        told.AddRange(page.Keys.Select(key => key.Key.ToArray()));
        if (!page.Next.IsEnd)
        {
            world.Scheduler.After(random.Between(TimeSpan.Zero, MostThinking), () => Read(page.Next));
            return;
        }

        Judge();
        Scans++;
        world.Trace?.Add("scanner", $"scan {Scans} told {told.Count} keys");
        if (isStopped) IsIdle = true;
        else Begin();
    }

    private void Judge()
    {
        for (int i = 1; i < told.Count; i++)
        {
            int bySlot = Slot.Of(told[i - 1]).CompareTo(Slot.Of(told[i]));
            if (bySlot < 0 || (bySlot == 0 && told[i - 1].AsSpan().SequenceCompareTo(told[i]) < 0)) continue;
            world.Fail(new("a scan told a key twice, or out of order", $"{Encoding.ASCII.GetString(told[i - 1])}, then {Encoding.ASCII.GetString(told[i])}"));
            return;
        }

        foreach (byte[] key in stable)
        {
            if (!told.Exists(one => one.AsSpan().SequenceEqual(key))) world.Fail(new("a scan left out a key that was there all along", Encoding.ASCII.GetString(key)));
        }
    }
}
