using System.Collections.Concurrent;
using Xunit;

namespace Gache.Log.Tests;

public class LogWriterThreadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TestLog test = TestLog.Opened();
    private readonly BlockingCollection<Durable> completed = [];
    private readonly BlockingCollection<Exception> failed = [];

    [Fact]
    public void Every_write_is_completed_in_order_and_is_there_after_a_power_failure()
    {
        LogWriterThread writer = Started(TestLog.Options);
        ulong last = 0;
        for (ulong i = 1; i <= 500; i++) writer.Submit(new LogWrite { Number = i, Entries = new[] { TestLog.Entry(i) } });
        while (last < 500)
        {
            Durable durable = Next(completed);
            Assert.True(durable.Write > last);
            Assert.Equal(durable.Write, durable.LastIndex);
            last = durable.Write;
        }

        Assert.Equal(500, writer.Counters.Entries);
        Assert.InRange(writer.Counters.Syncs.Count, 500 / TestLog.Options.MaxBatchEntries, 500);
        Assert.True(writer.Counters.Bytes >= 500 * 20);
        Assert.Equal(TimeSpan.Zero, writer.OldestUnsyncedAge);
        test.Files.Crash();
        writer.Dispose();
        test.Reopen();
        Assert.Equal(500UL, test.Recovered.LastIndex);
    }

    [Fact]
    public void Stopping_writes_what_waits_and_closes_cleanly()
    {
        LogWriterThread writer = Started(TestLog.Options);
        for (ulong i = 1; i <= 100; i++) writer.Submit(new LogWrite { Number = i, Entries = new[] { TestLog.Entry(i) } });
        writer.Dispose();
        test.Files.Crash();
        test.Open();
        Assert.Equal(100UL, test.Recovered.LastIndex);
        Assert.Null(test.Recovered.Cut);
        Assert.Empty(failed);
    }

    [Fact]
    public void P3_A_failed_sync_is_told_once_and_nothing_is_completed_afterwards()
    {
        LogWriterThread writer = Started(TestLog.Options with { IdleHeadAfter = TimeSpan.FromMinutes(1) });
        writer.Submit(new LogWrite { Number = 1, Entries = new[] { TestLog.Entry(1) } });
        Assert.Equal(1UL, Next(completed).Write);
        test.Files.Faults.FailRandomly(FileOperation.Sync, 1, ErrorNumbers.InputOutput);
        writer.Submit(new LogWrite { Number = 2, Entries = new[] { TestLog.Entry(2) } });
        Assert.IsType<FileFailedException>(Assert.IsType<LogFailedException>(Next(failed)).InnerException);
        test.Files.Faults.Clear();
        Assert.Throws<LogFailedException>(() => writer.Submit(new LogWrite { Number = 3 }));
        writer.Dispose();
        Assert.Empty(completed);
        Assert.Empty(failed);
    }

    [Fact]
    public void P4_An_idle_writer_proves_its_last_batch()
    {
        LogWriterThread writer = Started(TestLog.Options with { IdleHeadAfter = TimeSpan.FromMilliseconds(2) });
        writer.Submit(new LogWrite { Number = 1, Entries = new[] { TestLog.Entry(1) } });
        Assert.Equal(1UL, Next(completed).Write);
        int entry = 0;
        Assert.True(SpinWait.SpinUntil(() => HasHeadBehindEntry(TestLog.PathOf(1), out entry), Patience));
        test.Files.Kill();
        writer.Dispose();
        test.Files.Corrupt(TestLog.PathOf(1), entry + 20, 1);
        Assert.Throws<LogDamagedException>(() => test.Open());
    }

    [Fact]
    public void Many_clients_that_come_back_together_share_syncs()
    {
        const int Clients = 16;
        const int Rounds = 50;
        using LogWriterThread writer = Started(TestLog.Options);
        ulong number = 0;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < Clients; i++) writer.Submit(new LogWrite { Number = ++number, Entries = new[] { TestLog.Entry(number) } });
            while (Next(completed).Write < number)
            {
            }
        }

        Assert.InRange(writer.Counters.Syncs.Count, Rounds, (Clients * Rounds) - 1);
        Assert.Equal(Clients * Rounds, writer.Counters.Entries);
    }

    private LogWriterThread Started(LogOptions options)
    {
        var writer = new LogWriterThread(test.Log, options, TimeProvider.System, completed.Add, failed.Add);
        writer.Start();
        return writer;
    }

    private bool HasHeadBehindEntry(string path, out int entry)
    {
        using IFile file = test.Files.Open(path);
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        entry = SegmentHead.Size;
        while (bytes[entry + 7] != (byte)RecordType.Entry) entry += Record.SizeWithBody(bytes[entry + 4]);
        return bytes[entry + Record.EntrySize(20) + 7] == (byte)RecordType.BatchHead;
    }

    private static T Next<T>(BlockingCollection<T> from)
    {
        Assert.True(from.TryTake(out T? item, Patience));
        return item;
    }
}
