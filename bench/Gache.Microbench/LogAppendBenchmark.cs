using BenchmarkDotNet.Attributes;
using Gache.Log;
using Gache.Primitives;
using Gache.Raft;

namespace Gache.Microbench;

/// <summary>The write-ahead log on a real disk: one batch written and synced. The folder is where the program was started.</summary>
public class LogAppendBenchmark
{
    private const int EntryBytes = 120;

    private string folder = null!;
    private WriteAheadLog log = null!;
    private ulong lastIndex;
    private ulong lastWrite;

    /// <summary>Entries that one sync makes durable.</summary>
    [Params(1, 64)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Open()
    {
        folder = Path.Combine(Environment.CurrentDirectory, $"microbench-{Environment.ProcessId}-{Entries}");
        log = WriteAheadLog.Open(new RealFileSystem(), folder, new ShardId(1), new NodeId(2), new LogOptions(), out _);
        (lastIndex, lastWrite) = (0, 0);
        Append(); // the first one makes the segment
    }

    /// <summary>Submit, write, sync.</summary>
    [Benchmark(Description = "append a batch, synced")]
    public Durable Append()
    {
        var entries = new Entry[Entries];
        for (int i = 0; i < Entries; i++) entries[i] = new Entry(++lastIndex, 1, EntryKind.Command, new byte[EntryBytes]);
        log.Submit(new LogWrite { Number = ++lastWrite, Entries = entries });
        if (!log.TryTake(out LogBatch batch)) throw new InvalidOperationException("the log has nothing to write");
        log.Write(batch);
        if (log.NeedsPreparing) log.PrepareAhead(); // on a thread of its own in the server
        return log.Sync(batch);
    }

    [GlobalCleanup]
    public void Close()
    {
        log.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
