using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gache.Store;

// Measures the store alone, on one thread: 1,000,000 keys of 15 bytes with values of 100, as the issues' figures are stated.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Keys = 1_000_000;
byte[] value = new byte[100];
Random.Shared.NextBytes(value);
byte[][] keys = [.. Enumerable.Range(0, Keys).Select(i => Encoding.ASCII.GetBytes($"key:{i:00000000000}"))];
new Random(1).Shuffle(keys);
byte[][] sets = [.. keys.Select(key => Command.EncodeSet(key, value))];
GC.Collect();

for (int round = 0; round < 3; round++)
{
    using var store = new KeyValueStore();
    ulong index = 0;
    long residentBefore = Resident();
    PerKey("set a new key", () =>
    {
        foreach (byte[] set in sets) store.Apply(++index, set);
    });
    Console.WriteLine($"  bytes a key: {(double)store.Bytes / Keys:f1}, resident: {(double)(Resident() - residentBefore) / Keys:f1}");
    PerKey("replace", () =>
    {
        foreach (byte[] set in sets) store.Apply(++index, set);
    });
    PerKey("replace, told before", () =>
    {
        var next = new ReadOnlyMemory<byte>[KeyValueStore.MaxExpected];
        foreach (byte[][] some in sets.Chunk(next.Length))
        {
            for (int i = 0; i < some.Length; i++) next[i] = Command.KeyOf(some[i]);
            store.Expect(next.AsSpan(0, some.Length));
            foreach (byte[] set in some) store.Apply(++index, set);
        }
    });
    new Random(2).Shuffle(keys);
    long read = 0;
    PerKey("get, random", () =>
    {
        foreach (byte[] key in keys) read += store.TryGet(key, out ValueRef found) ? found.Bytes[0] : 0;
    });

    SnapshotCapture capture = store.BeginSnapshot();
    var chunks = new List<byte[]>();
    byte[] chunk = new byte[SnapshotCapture.ChunkBytes];
    long bytes = 0;
    double longestFill = 0;
    var fill = new Stopwatch();
    while (!capture.IsComplete)
    {
        double before = fill.Elapsed.TotalMilliseconds;
        fill.Start();
        int length = capture.Fill(chunk);
        fill.Stop();
        longestFill = Math.Max(longestFill, fill.Elapsed.TotalMilliseconds - before);
        if (length > 0) chunks.Add(chunk[..length]);
        bytes += length;
    }

    Console.WriteLine($"  snapshot: {bytes / fill.Elapsed.TotalSeconds / 1e6:f0} MB/s, longest slice {longestFill:f3} ms, {bytes / 1e6:f0} MB");

    // All keys change while a second one is taken, a slice for every thousand changes.
    capture = store.BeginSnapshot(long.MaxValue / 2);
    double longest = 0;
    long mostKept = 0;
    int over1Ms = 0;
    TimeSpan usedBefore = Environment.CpuUsage.TotalTime;
    for (int i = 0; i < sets.Length; i++)
    {
        long begun = Stopwatch.GetTimestamp();
        store.Apply(++index, sets[i]);
        double took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        longest = Math.Max(longest, took);
        if (took > 1) over1Ms++;
        if (i % 1_000 == 0) capture.Fill(chunk);
        mostKept = Math.Max(mostKept, capture.PreimageBytes);
    }

    Console.WriteLine($"  replace during a snapshot: {(Environment.CpuUsage.TotalTime - usedBefore).TotalNanoseconds / Keys:f0} ns of processor a key with its slices, longest {longest:f3} ms, {over1Ms} over 1 ms, kept at most {mostKept / 1e6:f0} MB, complete {capture.IsComplete}");
    capture.Abandon();

    SnapshotHead head;
    {
        using var target = new KeyValueStore();
        SnapshotCapture again = store.BeginSnapshot();
        head = again.Head;
        chunks.Clear();
        while (!again.IsComplete)
        {
            int length = again.Fill(chunk);
            if (length > 0) chunks.Add(chunk[..length]);
        }

        var restoring = Stopwatch.StartNew();
        target.BeginRestore(head);
        foreach (byte[] taken in chunks) target.RestoreChunk(taken);
        target.FinishRestore(head.Checksum);
        Console.WriteLine($"  restore: {restoring.Elapsed.TotalSeconds:f2} s, {(double)target.Bytes / Keys:f1} bytes a key");
    }

    long resident = Resident();
    PerKey("delete", () =>
    {
        foreach (byte[] key in keys) store.Apply(++index, Command.EncodeDelete(key));
    });
    Console.WriteLine($"  given back: {(double)(resident - Resident()) / Keys:f1} bytes a key; {read % 10}");
}

// Processor time beside the clock's, since other work on the machine shows in the latter only.
static void PerKey(string what, Action action)
{
    TimeSpan before = Environment.CpuUsage.TotalTime;
    var watch = Stopwatch.StartNew();
    action();
    TimeSpan used = Environment.CpuUsage.TotalTime - before;
    Console.WriteLine($"  {what}: {watch.Elapsed.TotalNanoseconds / Keys:f0} ns, of processor {used.TotalNanoseconds / Keys:f0} ns");
}

static long Resident()
{
    using var process = Process.GetCurrentProcess();
    return process.WorkingSet64;
}
