using System.Diagnostics;
using System.Globalization;
using Gache.Consensus;
using Gache.Consensus.Replicas;

// gache-consensus NAME FOLDER PORT,PORT,PORT SECONDS CALLERS,... RESULT: a part of bench/compare consensus, one contestant in one round.
// Of each number of callers it writes a line to the file RESULT: callers, proposals a second, p50 and p99 in ms, the process's CPU a proposal in us.
const int KeyCount = 10_000;
TimeSpan longestWarmUp = TimeSpan.FromSeconds(3);
TimeSpan settled = TimeSpan.FromSeconds(30);

string contestant = args[0];
int[] ports = Numbers(args[2]);
TimeSpan duration = TimeSpan.FromSeconds(Numbers(args[3])[0]);
await using IReplicas replicas = contestant switch
{
    "gache" => new GacheReplicas(),
    "dotnext" => new DotNextReplicas(isSynced: false, isBatched: false),
    "dotnext-batched" => new DotNextReplicas(isSynced: false, isBatched: true),
    "dotnext-synced" => new DotNextReplicas(isSynced: true, isBatched: false),
    "dotnext-synced-batched" => new DotNextReplicas(isSynced: true, isBatched: true),
    _ => throw new ArgumentException($"there is no {contestant}"),
};
await replicas.StartAsync(args[1], ports).ConfigureAwait(false);

var lines = new List<string>();
foreach (int count in Numbers(args[4]))
{
    Caller[] callers = [.. Enumerable.Range(0, count).Select(number => new Caller(replicas, number * (KeyCount / count), KeyCount / count))];
    await RunAsync(callers, duration < longestWarmUp ? duration : longestWarmUp).ConfigureAwait(false);
    TimeSpan before = Environment.CpuUsage.TotalTime;
    await RunAsync(callers, duration).ConfigureAwait(false);
    TimeSpan used = Environment.CpuUsage.TotalTime - before;
    long[] took = [.. callers.SelectMany(caller => caller.Took).Order()];
    if (took.Length == 0) throw new InvalidOperationException($"{contestant} answered nothing in {duration}");
    lines.Add(string.Create(
        CultureInfo.InvariantCulture,
        $"{count} {took.Length / duration.TotalSeconds:0.0} {Milliseconds(took, 0.50):0.000} {Milliseconds(took, 0.99):0.000} {used.TotalMicroseconds / took.Length:0.00}"));
    await VerifyAsync(callers).ConfigureAwait(false);
}

await File.WriteAllLinesAsync(args[5], lines).ConfigureAwait(false);

static int[] Numbers(string list) => [.. list.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

static double Milliseconds(long[] sorted, double share) => Stopwatch.GetElapsedTime(0, sorted[(int)(share * (sorted.Length - 1))]).TotalMilliseconds;

static async Task RunAsync(Caller[] callers, TimeSpan duration)
{
    long until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
    await Task.WhenAll(callers.Select(caller => Task.Run(() => caller.RunAsync(until)))).ConfigureAwait(false);
}

// Followers apply a little later; whoever loses or changes what was answered is not measured.
async Task VerifyAsync(Caller[] callers)
{
    long begin = Stopwatch.GetTimestamp();
    foreach (Caller caller in callers)
    {
        while (!await caller.AllHoldAsync().ConfigureAwait(false))
        {
            if (Stopwatch.GetElapsedTime(begin) > settled) throw new InvalidOperationException($"{contestant}: not all replicas hold what was answered");
            await Task.Delay(5).ConfigureAwait(false); // between two looks; the condition ends the wait
        }
    }
}
