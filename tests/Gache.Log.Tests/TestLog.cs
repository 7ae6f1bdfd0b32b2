using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Log.Tests;

/// <summary>A log with small segments on a simulated disk, and the few things that tests do to it.</summary>
internal sealed class TestLog
{
    public const string Folder = "/log";

    private ulong number;

    public static LogOptions Options { get; } = new()
    {
        SegmentSize = 8192,
        ZeroAhead = 2048,
        MaxBatchBytes = 2048,
        MaxBatchEntries = 16,
        MaxEntryBytes = 1024,
        MaxConfigurationBytes = 128,
    };

    public static ShardId Shard { get; } = new(0x1111);

    public static NodeId Node { get; } = new(0x2222);

    public SimulatedFileSystem Files { get; } = new(new Random(1));

    public WriteAheadLog Log { get; private set; } = null!;

    public Recovered Recovered { get; private set; } = null!;

    public static TestLog Opened()
    {
        var test = new TestLog();
        test.Open();
        return test;
    }

    public static string PathOf(int segment) => $"{Folder}/{segment:D20}.log";

    public static Entry Entry(ulong index, ulong term = 1, int bytes = 20) => new(index, term, EntryKind.Command, Bytes(index, bytes));

    public static byte[] Bytes(ulong seed, int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(seed + (ulong)i + 1))];

    public void Open(NodeId? node = null, ShardId? shard = null)
    {
        Log = WriteAheadLog.Open(Files, Folder, shard ?? Shard, node ?? Node, Options, out Recovered recovered);
        Recovered = recovered;
    }

    public void Reopen()
    {
        Log.Dispose();
        Open();
    }

    public Durable WriteAndSync(HardState? hardState = null, SnapshotMark? mark = null, params Entry[] entries)
    {
        LogBatch batch = Write(hardState, mark, entries);
        return Log.Sync(batch);
    }

    public LogBatch Write(HardState? hardState = null, SnapshotMark? mark = null, params Entry[] entries)
    {
        Log.Submit(new LogWrite { Number = ++number, HardState = hardState, Snapshot = mark, Entries = entries });
        Assert.True(Log.TryTake(out LogBatch batch));
        Log.Write(batch);
        return batch;
    }

    /// <summary>Appends until the log goes on in another segment, and returns the last index.</summary>
    public ulong FillSegment(ulong from)
    {
        int before = Files.List(Folder).Count;
        while (Files.List(Folder).Count == before) WriteAndSync(entries: [Entry(from++, bytes: 900)]);
        return from - 1;
    }

    public List<Entry> Read(ulong first, ulong last)
    {
        var into = new List<Entry>();
        Assert.True(Log.TryRead(first, last, int.MaxValue, into));
        return into;
    }
}
