using Gache.Raft;
using Xunit;

namespace Gache.Log.Tests;

public class BatchTests
{
    [Fact]
    public void Everything_submitted_is_one_batch_with_one_write_and_one_sync()
    {
        TestLog test = TestLog.Opened();
        for (ulong i = 1; i <= 5; i++) test.Log.Submit(new LogWrite { Number = i, Entries = new[] { TestLog.Entry(i) } });
        long operations = test.Files.Operations;
        Assert.True(test.Log.TryTake(out LogBatch batch));
        Assert.False(test.Log.TryTake(out _));
        test.Log.Write(batch);
        Assert.Equal(new Durable(5, 5, 1), test.Log.Sync(batch));
        Assert.Equal(operations + 2, test.Files.Operations);
    }

    [Fact]
    public void A_write_larger_than_a_batch_is_durable_only_with_its_last_part()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [TestLog.Entry(1)]);
        test.Log.Submit(new LogWrite { Number = 2, Entries = Enumerable.Range(2, 40).Select(i => TestLog.Entry((ulong)i, bytes: 100)).ToArray() });
        var told = new List<Durable>();
        while (test.Log.TryTake(out LogBatch batch))
        {
            Assert.InRange(batch.Entries, 1, TestLog.Options.MaxBatchEntries);
            Assert.InRange(batch.Bytes, 1, TestLog.Options.MaxBatchBytes);
            test.Log.Write(batch);
            told.Add(test.Log.Sync(batch));
        }

        Assert.True(told.Count > 2);
        Assert.All(told[..^1], d => Assert.Equal(new Durable(1, 1, 1), d));
        Assert.Equal(new Durable(2, 41, 1), told[^1]);
    }

    [Fact]
    public void A_write_never_spans_two_segments_and_the_earlier_is_synced_before_the_next_is_written()
    {
        TestLog test = TestLog.Opened();
        test.Write(entries: [.. Enumerable.Range(1, 2).Select(i => TestLog.Entry((ulong)i, bytes: 900))]);
        for (ulong i = 3; i < 20; i++) test.Write(entries: [TestLog.Entry(i, bytes: 900)]); // none of them is synced by us
        int segments = test.Files.List(TestLog.Folder).Count;
        Assert.True(segments > 2);
        test.Files.Crash();
        test.Reopen();
        Assert.InRange(test.Recovered.LastIndex, 8UL * (ulong)(segments - 1), 20UL); // at least all before the last segment
    }

    [Fact]
    public void Entries_at_or_below_the_last_index_truncate_the_log_first()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [TestLog.Entry(1), TestLog.Entry(2), TestLog.Entry(3)]);
        Assert.Equal(new Durable(2, 2, 5), test.WriteAndSync(entries: [TestLog.Entry(2, term: 5)]));
        Assert.Equal([1UL, 5UL], test.Read(1, 9).Select(e => e.Term));
        test.Reopen();
        Assert.Equal(2UL, test.Recovered.LastIndex);
        Assert.Equal([new TermRun(1, 1), new TermRun(2, 5)], test.Recovered.Terms);
    }

    [Fact]
    public void A_read_gives_at_least_one_entry_and_then_stops_before_the_bound()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [.. Enumerable.Range(1, 5).Select(i => TestLog.Entry((ulong)i, bytes: 68))]); // each weighs 100
        var into = new List<Entry>();
        Assert.True(test.Log.TryRead(2, 5, 1, into));
        Assert.Equal([2UL], into.Select(e => e.Index));
        Assert.True(test.Log.TryRead(3, 5, 250, into));
        Assert.Equal([2UL, 3UL, 4UL], into.Select(e => e.Index));
        Assert.False(test.Log.TryRead(6, 6, 250, into));
    }

    [Fact]
    public void A_prepared_log_writes_and_syncs_once_a_batch_also_where_it_changes_segments()
    {
        TestLog test = TestLog.Opened();
        for (ulong i = 1; i <= 60; i++)
        {
            test.Log.PrepareAhead();
            long operations = test.Files.Operations;
            test.WriteAndSync(entries: [TestLog.Entry(i, bytes: 500)]);
            Assert.Equal(operations + 2, test.Files.Operations);
        }

        Assert.True(test.Files.List(TestLog.Folder).Count > 3);
    }

    [Fact]
    public void Batches_are_reused()
    {
        TestLog test = TestLog.Opened();
        LogBatch first = test.Write(entries: [TestLog.Entry(1)]);
        test.Log.Sync(first);
        Assert.Same(first, test.Write(entries: [TestLog.Entry(2)]));
    }
}
