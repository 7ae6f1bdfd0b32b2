using System.Globalization;
using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Log.Tests;

/// <summary>
/// A log that is written, read, closed, killed, cut off from power and failed by its disk at random, beside a model. After each restart it
/// must be what was last reported durable and any prefix of what was written since.
/// </summary>
internal sealed class LogWalk
{
    public const string Folder = "/data/log";

    private static readonly ShardId Shard = new(7);
    private static readonly NodeId Node = new(9);

    private readonly Random dice;
    private readonly LogOptions options;
    private readonly RandomWrites writes;
    private readonly List<(LogWrite Write, bool IsWhole)> sinceDurable = []; // all that may be on disk, or a prefix of it
    private readonly Queue<LogBatch> toWrite = new();
    private readonly Queue<LogBatch> toSync = new();
    private WriteAheadLog log;
    private ModelLog durable = new();
    private ModelLog submitted = new();
    private ulong number;

    public LogWalk(int seed)
    {
        dice = new Random(seed);
        writes = new RandomWrites(dice);
        Files = new SimulatedFileSystem(new Random(dice.Next()));
        options = new LogOptions
        {
            SegmentSize = 4096 * dice.Next(1, 5),
            ZeroAhead = dice.Next(2) == 0 ? 1024 : 1 << 20,
            MaxBatchBytes = 2048,
            MaxBatchEntries = 16,
            MaxEntryBytes = 1024,
            MaxConfigurationBytes = 128,
        };
        log = Open(out _);
    }

    public SimulatedFileSystem Files { get; }

    public int Restarts { get; private set; }

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            if (dice.Next(12) == 0) Files.Faults.CrashAtOperation = Files.Operations + dice.Next(1, 12);
            try
            {
                Step();
            }
            catch (SimulatedCrashException)
            {
                Restart(isPowerLost: dice.Next(4) != 0, isClean: false);
            }
            catch (LogFailedException e) when (e.InnerException is FileFailedException)
            {
                MustRefuseEverything();
                Files.Faults.Clear();
                Restart(isPowerLost: dice.Next(3) == 0, isClean: false);
            }
        }
    }

    private void Step()
    {
        switch (dice.Next(40))
        {
            case < 12: Submit(); break;
            case < 20: Take(); break;
            case < 26: Write(); break;
            case < 31: Sync(); break;
            case < 33: log.PrepareAhead(); break;
            case 33: log.WriteIdleHead(); break;
            case 34: log.ReleaseBefore((ulong)dice.NextInt64((long)submitted.LastIndex + 10)); break;
            case 35: MustReadWhatIsWritten(); break;
            case 36: Close(); break;
            case 37: Restart(isPowerLost: false, isClean: false); break;
            case 38: Restart(isPowerLost: true, isClean: false); break;
            default: FailSomething(); break;
        }
    }

    private void Submit()
    {
        LogWrite write = writes.Next(++number, submitted);
        submitted.Apply(write);
        log.Submit(write);
    }

    private void Take()
    {
        if (log.TryTake(out LogBatch batch)) toWrite.Enqueue(batch);
    }

    private void Write()
    {
        if (!toWrite.TryDequeue(out LogBatch? batch)) return;
        foreach (LogBatchPart part in batch.Parts)
        {
            if (part.IsFirst) sinceDurable.Add((part.Write, false));
            if (part.IsLast) sinceDurable[^1] = (part.Write, true);
        }

        log.Write(batch);
        toSync.Enqueue(batch);
    }

    private void Sync()
    {
        if (!toSync.TryDequeue(out LogBatch? batch)) return;
        Durable told = log.Sync(batch);
        while (sinceDurable.Count > 0 && sinceDurable[0].IsWhole && sinceDurable[0].Write.Number <= told.Write)
        {
            durable.Apply(sinceDurable[0].Write);
            if (sinceDurable[0].Write.Number == told.Write && (durable.LastIndex, durable.LastTerm) != (told.LastIndex, told.LastTerm))
                throw new InvalidOperationException($"{told} for a log that ends at {durable.LastIndex}/{durable.LastTerm}");
            sinceDurable.RemoveAt(0);
        }
    }

    private void Close()
    {
        while (toWrite.Count > 0) Write();
        bool isWhole = sinceDurable.All(w => w.IsWhole);
        log.CloseCleanly();
        if (isWhole)
        {
            foreach ((LogWrite write, _) in sinceDurable) durable.Apply(write);
            sinceDurable.Clear();
        }

        Restart(isPowerLost: dice.Next(2) == 0, isClean: true);
    }

    private void FailSomething()
    {
        FileOperation operation = (FileOperation)dice.Next((int)FileOperation.Create, (int)FileOperation.SyncFolder + 1);
        if (operation != FileOperation.Read) Files.Faults.FailNth(operation, dice.Next(1, 4), dice.Next(2) == 0 ? ErrorNumbers.InputOutput : ErrorNumbers.NoSpace);
    }

    private void MustRefuseEverything()
    {
        Assert.Throws<LogFailedException>(() => log.Submit(new LogWrite { Number = number + 1 }));
        Assert.Throws<LogFailedException>(() => log.TryTake(out _));
        Assert.Throws<LogFailedException>(log.PrepareAhead);
        Assert.Throws<LogFailedException>(log.WriteIdleHead);
        Assert.Throws<LogFailedException>(log.CloseCleanly);
        foreach (LogBatch batch in toWrite) Assert.Throws<LogFailedException>(() => log.Write(batch));
        foreach (LogBatch batch in toSync) Assert.Throws<LogFailedException>(() => log.Sync(batch));
    }

    private void MustReadWhatIsWritten()
    {
        ModelLog written = durable.Clone();
        foreach ((LogWrite write, _) in sinceDurable) written.Apply(write);
        if (sinceDurable.Count > 0 && !sinceDurable[^1].IsWhole) return; // a part of a large write: its end is not there yet
        Assert.Equal(written.LastIndex, log.LastIndex);
        Assert.Null(ModelLog.Difference([.. written.From(log.FirstIndex)], ReadAll(log.FirstIndex, log.LastIndex)));
        Assert.False(log.TryRead(log.LastIndex + 1, log.LastIndex + 1, 100, []));
    }

    private void Restart(bool isPowerLost, bool isClean)
    {
        Restarts++;
        log.Dispose();
        toWrite.Clear();
        toSync.Clear();
        if (isPowerLost) Files.Crash();
        else Files.Kill();
        Recovered recovered;
        while (true)
        {
            if (!isClean && dice.Next(5) == 0) Files.Faults.CrashAtOperation = Files.Operations + dice.Next(1, 10);
            try
            {
                log = Open(out recovered);
                break;
            }
            catch (SimulatedCrashException)
            {
                if (dice.Next(3) != 0) Files.Crash();
                else Files.Kill();
            }
            catch (FileFailedException)
            {
                Files.Faults.Clear();
                if (dice.Next(3) == 0) Files.Crash();
                else Files.Kill();
            }
        }

        if (isClean) Assert.Null(recovered.Cut);
        List<Entry> held = ReadAll(recovered.FirstIndex, recovered.LastIndex);
        durable = Candidate(recovered, held);
        submitted = durable.Clone();
        sinceDurable.Clear();
        number = Math.Max(number, recovered.LastWrite);
    }

    private ModelLog Candidate(Recovered recovered, List<Entry> held)
    {
        ModelLog candidate = durable.Clone();
        string? difference = candidate.DifferenceTo(recovered, held);
        var differences = new List<string?> { difference };
        foreach (Action<ModelLog> step in sinceDurable.SelectMany(w => ModelLog.Steps(w.Write)))
        {
            if (difference is null) break;
            step(candidate);
            difference = candidate.DifferenceTo(recovered, held);
            differences.Add(difference);
        }

        if (difference is not null)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"the recovered log is no prefix of what was written: {string.Join("; ", differences.TakeLast(3))}; cut {recovered.Cut}"));
        }

        return candidate;
    }

    private List<Entry> ReadAll(ulong first, ulong last)
    {
        var all = new List<Entry>();
        while (first <= last)
        {
            int before = all.Count;
            Assert.True(log.TryRead(first, last, dice.Next(1, 3000), all));
            first += (ulong)(all.Count - before);
        }

        return all;
    }

    private WriteAheadLog Open(out Recovered recovered) => WriteAheadLog.Open(Files, Folder, Shard, Node, options, out recovered);
}
