using CsCheck;
using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Log.Tests;

public class RecoveryTests
{
    private static readonly Configuration Three = RandomWrites.SomeConfiguration(3);

    [Fact]
    public void An_empty_folder_is_a_log_that_knows_nothing()
    {
        Recovered recovered = TestLog.Opened().Recovered;
        Assert.Equal(new HardState(0, default), recovered.HardState);
        Assert.Null(recovered.Snapshot);
        Assert.Equal((1UL, 0UL), (recovered.FirstIndex, recovered.LastIndex));
        Assert.Null(recovered.Cut);
    }

    [Fact]
    public void P4_A_flipped_bit_in_what_was_proven_synced_is_damage_and_never_cut() =>
        Gen.Select(Gen.Int[64, 20_000], Gen.Int[0, 7]).Sample((place, bit) =>
        {
            TestLog test = TestLog.Opened();
            for (ulong i = 1; i <= 30; i++) test.WriteAndSync(new HardState(i, TestLog.Node), entries: [TestLog.Entry(i, i, bytes: 500)]);
            test.Log.CloseCleanly();
            long proven = Ends(test)[^1] - Record.BatchHeadSize; // the closing mark alone is proven by nothing
            (int segment, long offset) = (1, place);
            while (segment < 3 && offset >= Ends(test)[segment - 1]) (segment, offset) = (segment + 1, SegmentHead.Size + offset - Ends(test)[segment - 1]);
            if (segment == 3) offset = SegmentHead.Size + (offset % (proven - SegmentHead.Size));

            test.Files.Corrupt(TestLog.PathOf(segment), offset, (byte)(1 << bit));
            LogDamagedException e = Assert.Throws<LogDamagedException>(() => test.Open());
            Assert.Equal(TestLog.PathOf(segment), e.File);
            Assert.InRange(e.Offset, 0, offset);
            Assert.InRange(offset - e.Offset, 0, 600); // the record that holds the bit, not an earlier one
            Assert.Contains("set this data folder aside", e.Message, StringComparison.Ordinal);
        }, iter: 300);

    [Fact]
    public void P4_A_tail_that_was_never_synced_is_cut_at_its_first_bad_record_and_reported()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [TestLog.Entry(1)]);
        LogBatch lost = test.Write(entries: [TestLog.Entry(2), TestLog.Entry(3), TestLog.Entry(4)]);
        long third = lost.End.Offset - (2 * Record.EntrySize(20));
        test.Files.Corrupt(TestLog.PathOf(1), third + 20, 0x40);
        test.Reopen();
        Assert.Equal(2UL, test.Recovered.LastIndex);
        Assert.Equal(new CutTail(TestLog.PathOf(1), third, test.Recovered.Cut!.Bytes), test.Recovered.Cut);
        Assert.InRange(test.Recovered.Cut.Bytes, Record.EntrySize(20) + 1, 2 * Record.EntrySize(20));

        test.WriteAndSync(entries: [TestLog.Entry(3, term: 2)]);
        test.Reopen();
        Assert.Equal(3UL, test.Recovered.LastIndex);
        Assert.Null(test.Recovered.Cut);
    }

    [Fact]
    public void P4_An_idle_head_proves_the_last_batch()
    {
        TestLog test = TestLog.Opened();
        LogBatch batch = test.Write(entries: [TestLog.Entry(1)]);
        long end = batch.End.Offset;
        test.Log.Sync(batch);
        test.Log.WriteIdleHead();
        long operations = test.Files.Operations;
        test.Log.WriteIdleHead();
        Assert.Equal(operations, test.Files.Operations); // one is enough
        test.Files.Corrupt(TestLog.PathOf(1), end - 10, 1);
        Assert.Throws<LogDamagedException>(test.Reopen);
    }

    [Fact]
    public void P4_Recovery_writes_again_what_no_head_proves_so_that_it_survives_power_failure()
    {
        TestLog test = TestLog.Opened();
        test.Write(entries: [TestLog.Entry(1), TestLog.Entry(2)]); // killed before the sync
        test.Files.Kill();
        test.Reopen();
        Assert.Equal(2UL, test.Recovered.LastIndex);
        test.Files.Crash();
        test.Reopen();
        Assert.Equal(2UL, test.Recovered.LastIndex);
    }

    [Fact]
    public void A_log_that_was_closed_cleanly_has_nothing_to_cut_and_can_be_closed_and_opened_for_ever()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(new HardState(3, TestLog.Node), null, TestLog.Entry(1));
        for (int i = 0; i < 500; i++)
        {
            test.Log.WriteIdleHead();
            test.Log.CloseCleanly();
            test.Files.Crash();
            test.Open();
            Assert.Null(test.Recovered.Cut);
            Assert.Equal((1UL, new HardState(3, TestLog.Node)), (test.Recovered.LastIndex, test.Recovered.HardState));
        }

        Assert.True(test.Files.List(TestLog.Folder).Count > 1);
    }

    [Fact]
    public void A_missing_segment_is_named()
    {
        TestLog test = TestLog.Opened();
        ulong last = test.FillSegment(1);
        test.FillSegment(last + 1);
        test.Log.CloseCleanly();
        test.Files.Delete(TestLog.PathOf(2));
        Assert.Equal(TestLog.PathOf(2), Assert.Throws<LogDamagedException>(() => test.Open()).File);
        test.Files.Delete(TestLog.PathOf(1));
        Assert.Contains("earlier segment is missing", Assert.Throws<LogDamagedException>(() => test.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void P7_A_log_of_another_node_or_shard_is_refused_naming_both()
    {
        TestLog test = TestLog.Opened();
        test.Log.CloseCleanly();
        LogForeignException e = Assert.Throws<LogForeignException>(() => test.Open(node: new NodeId(5)));
        Assert.Contains(TestLog.Node.ToString(), e.Message, StringComparison.Ordinal);
        Assert.Contains(new NodeId(5).ToString(), e.Message, StringComparison.Ordinal);
        e = Assert.Throws<LogForeignException>(() => test.Open(shard: new ShardId(6)));
        Assert.Contains(TestLog.Shard.ToString(), e.Message, StringComparison.Ordinal);
        Assert.Contains(new ShardId(6).ToString(), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_format_is_refused_and_a_flipped_bit_in_the_version_is_damage()
    {
        TestLog test = TestLog.Opened();
        test.Log.CloseCleanly();
        test.Files.Corrupt(TestLog.PathOf(1), 8, 2);
        Assert.Throws<LogDamagedException>(() => test.Open());
        using (IFile file = test.Files.Open(TestLog.PathOf(1)))
        {
            byte[] head = new byte[SegmentHead.Size];
            file.Read(0, head);
            var sum = new ByteWriter();
            sum.WriteUInt32(Crc32C.Compute(head.AsSpan(0, 60)));
            file.Write(60, sum.Written);
        }

        Assert.Equal(3U, Assert.Throws<LogFormatException>(() => test.Open()).Found);
    }

    [Fact]
    public void A_half_created_segment_is_removed()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [TestLog.Entry(1)]);
        test.Files.Create(TestLog.PathOf(2) + ".tmp", 100);
        test.Reopen();
        Assert.Equal([$"{1:D20}.log"], test.Files.List(TestLog.Folder));
        Assert.Equal(1UL, test.Recovered.LastIndex);
    }

    [Fact]
    public void A_vote_is_not_forgotten_with_the_segment_it_was_written_to()
    {
        TestLog test = TestLog.Opened();
        var vote = new HardState(7, new NodeId(3));
        test.WriteAndSync(vote);
        ulong last = test.FillSegment(1);
        test.WriteAndSync(mark: new SnapshotMark(last - 1, 1, Three));
        test.Log.ReleaseBefore(last);
        test.Log.PrepareAhead();
        Assert.DoesNotContain($"{1:D20}.log", test.Files.List(TestLog.Folder));
        test.Files.Crash();
        test.Reopen();
        Assert.Equal(vote, test.Recovered.HardState);
        Assert.Equal(new SnapshotMark(last - 1, 1, Three), test.Recovered.Snapshot);
        Assert.Equal((last, last), (test.Recovered.FirstIndex, test.Recovered.LastIndex));
    }

    [Fact]
    public void A_released_segment_stays_until_the_snapshot_that_holds_its_entries_is_synced()
    {
        TestLog test = TestLog.Opened();
        ulong last = test.FillSegment(1);
        test.Log.ReleaseBefore(last);
        test.Log.PrepareAhead();
        Assert.Contains($"{1:D20}.log", test.Files.List(TestLog.Folder));
        LogBatch batch = test.Write(mark: new SnapshotMark(last - 1, 1, Three));
        test.Log.PrepareAhead();
        Assert.Contains($"{1:D20}.log", test.Files.List(TestLog.Folder));
        test.Log.Sync(batch);
        test.Log.PrepareAhead();
        Assert.DoesNotContain($"{1:D20}.log", test.Files.List(TestLog.Folder));
        Assert.False(test.Log.TryRead(1, 1, 100, []));
    }

    [Fact]
    public void A_snapshot_that_is_not_in_the_log_replaces_it()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [TestLog.Entry(1), TestLog.Entry(2), TestLog.Entry(3)]);
        Assert.Equal(new Durable(2, 2, 9), test.WriteAndSync(mark: new SnapshotMark(2, 9, Three)));
        Assert.Equal(0, test.Log.BytesSinceSnapshot);
        Assert.Equal(new Durable(3, 3, 9), test.WriteAndSync(entries: [TestLog.Entry(3, 9)]));
        test.Reopen();
        Assert.Equal((3UL, 3UL), (test.Recovered.FirstIndex, test.Recovered.LastIndex));
        Assert.Equal([new TermRun(3, 9)], test.Recovered.Terms);
    }

    [Fact]
    public void Bytes_since_the_snapshot_survive_a_restart()
    {
        TestLog test = TestLog.Opened();
        for (ulong i = 1; i <= 40; i++) test.WriteAndSync(entries: [TestLog.Entry(i, bytes: 700)]);
        test.WriteAndSync(mark: new SnapshotMark(20, 1, Three));
        Assert.InRange(test.Log.BytesSinceSnapshot, 20 * 700, 30 * 900);
        long before = test.Log.BytesSinceSnapshot;
        test.Reopen();
        Assert.Equal(before, test.Log.BytesSinceSnapshot);
    }

    private static List<long> Ends(TestLog test) => [.. test.Files.List(TestLog.Folder).Select(name => EndOf(test, $"{TestLog.Folder}/{name}"))];

    private static long EndOf(TestLog test, string path)
    {
        using IFile file = test.Files.Open(path);
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        return (bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + Record.Alignment) & -Record.Alignment;
    }
}
