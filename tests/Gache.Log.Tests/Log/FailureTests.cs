using Xunit;

namespace Gache.Log.Tests;

public class FailureTests
{
    [Theory]
    [InlineData(FileOperation.Write, ErrorNumbers.InputOutput)]
    [InlineData(FileOperation.Write, ErrorNumbers.NoSpace)]
    [InlineData(FileOperation.Sync, ErrorNumbers.InputOutput)]
    [InlineData(FileOperation.Sync, ErrorNumbers.NoSpace)]
    public void P3_After_a_failed_write_or_sync_nothing_is_taken_or_acknowledged(FileOperation operation, int error)
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [TestLog.Entry(1)]);
        test.Files.Faults.FailNth(operation, 1, error);
        LogFailedException e = Assert.Throws<LogFailedException>(() => test.WriteAndSync(entries: [TestLog.Entry(2)]));
        FileFailedException cause = Assert.IsType<FileFailedException>(e.InnerException);
        Assert.Equal((operation, error, error == ErrorNumbers.NoSpace), (cause.Operation, cause.ErrorNumber, cause.IsDiskFull));
        Assert.Contains(TestLog.PathOf(1), e.Message, StringComparison.Ordinal);

        // The disk would work again; the log must not find out.
        Assert.Throws<LogFailedException>(() => test.WriteAndSync(entries: [TestLog.Entry(2)]));
        Assert.Throws<LogFailedException>(test.Log.WriteIdleHead);
        Assert.Throws<LogFailedException>(test.Log.PrepareAhead);
        Assert.Throws<LogFailedException>(test.Log.CloseCleanly);
    }

    [Fact]
    public void P3_A_failure_that_the_preparing_thread_met_stops_the_writer_too()
    {
        TestLog test = TestLog.Opened();
        LogBatch batch = test.Write(entries: [.. Enumerable.Range(1, 2).Select(i => TestLog.Entry((ulong)i, bytes: 900))]);
        Assert.True(test.Log.NeedsPreparing);
        test.Files.Faults.FailNth(FileOperation.Sync, 1, ErrorNumbers.InputOutput);
        Assert.Throws<LogFailedException>(test.Log.PrepareAhead);
        Assert.Throws<LogFailedException>(() => test.Log.Sync(batch)); // the kernel may have marked this batch's pages clean
    }

    [Fact]
    public void P3_After_a_failed_sync_and_a_restart_what_is_recovered_is_in_stable_storage()
    {
        TestLog test = TestLog.Opened();
        LogBatch batch = test.Write(entries: [TestLog.Entry(1), TestLog.Entry(2)]);
        test.Files.Faults.FailNth(FileOperation.Sync, 1, ErrorNumbers.InputOutput);
        Assert.Throws<LogFailedException>(() => test.Log.Sync(batch)); // some pages are now clean in the cache and not on disk
        test.Files.Kill();
        test.Reopen();
        ulong last = test.Recovered.LastIndex;
        test.Files.Crash();
        test.Reopen();
        Assert.Equal(last, test.Recovered.LastIndex);
    }

    [Fact]
    public void A_full_volume_fails_the_log_when_it_needs_its_next_segment_and_keeps_what_was_acknowledged()
    {
        TestLog test = TestLog.Opened();
        test.Files.VolumeBytes = TestLog.Options.SegmentSize + 100;
        ulong acknowledged = 0;
        void WriteUntilFull()
        {
            while (acknowledged < 100) acknowledged = test.WriteAndSync(entries: [TestLog.Entry(acknowledged + 1, bytes: 900)]).LastIndex;
        }

        LogFailedException e = Assert.Throws<LogFailedException>(WriteUntilFull);
        Assert.True(Assert.IsType<FileFailedException>(e.InnerException).IsDiskFull);
        Assert.InRange(acknowledged, 5UL, 9UL);
        test.Files.Crash();
        test.Reopen();
        Assert.Equal(acknowledged, test.Recovered.LastIndex);
    }

    [Fact]
    public void A_full_volume_takes_no_room_that_the_log_has_and_what_becomes_free_is_used()
    {
        TestLog test = TestLog.Opened();
        test.Files.VolumeBytes = TestLog.Options.SegmentSize + 100;
        ulong last = 0;
        while (last < 16) last = test.WriteAndSync(entries: [TestLog.Entry(last + 1, bytes: 200)]).LastIndex;
        Assert.True(test.Log.NeedsPreparing); // more than half of the segment is used
        test.Log.PrepareAhead(); // there is no room for the next one, and none is needed yet
        Assert.False(test.Log.NeedsPreparing); // not at once again

        test.Files.VolumeBytes = long.MaxValue;
        ulong until = last + 200;
        while (last < until)
        {
            last = test.WriteAndSync(entries: [TestLog.Entry(last + 1, bytes: 200)]).LastIndex;
            if (test.Log.NeedsPreparing) test.Log.PrepareAhead();
        }

        test.Reopen();
        Assert.Equal(last, test.Recovered.LastIndex);
    }

    [Fact]
    public void A_flipped_bit_on_reading_an_entry_is_an_error_and_never_a_wrong_entry()
    {
        TestLog test = TestLog.Opened();
        test.WriteAndSync(entries: [.. Enumerable.Range(1, 10).Select(i => TestLog.Entry((ulong)i, bytes: 100))]);
        test.Files.Faults.FlippedBitProbability = 1;
        int errors = 0;
        for (int i = 0; i < 200; i++)
        {
            try
            {
                List<Raft.Entry> entries = test.Read(1, 10);
                Assert.All(entries, e => Assert.Equal(TestLog.Bytes(e.Index, 100), e.Payload.ToArray()));
            }
            catch (LogDamagedException)
            {
                errors++;
            }
        }

        Assert.InRange(errors, 10, 200);
    }
}
