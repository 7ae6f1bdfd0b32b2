using CsCheck;
using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Log.Tests;

public class SnapshotTests
{
    private const string Folder = "/snapshots";

    private static readonly ShardId Shard = new(1);

    private readonly SimulatedFileSystem files = new(new Random(4));

    [Fact]
    public void A_snapshot_is_read_back_as_it_was_written()
    {
        SnapshotFolder folder = Opened();
        SnapshotFile written = Written(folder, 10, chunks: 5);
        Assert.Equal(written, folder.NewestValid());
        using SnapshotReader reader = folder.Read(written);
        Assert.Equal(Head(10), reader.Head);
        for (int i = 0; i < 5; i++)
        {
            Assert.True(reader.TryReadChunk(out ReadOnlyMemory<byte> chunk));
            Assert.Equal(TestLog.Bytes((ulong)i, 1000), chunk.ToArray());
        }

        Assert.False(reader.TryReadChunk(out _));
        Assert.False(reader.TryReadChunk(out _));
    }

    [Fact]
    public void A_finished_snapshot_survives_a_power_failure_and_an_unfinished_one_is_never_seen() =>
        Gen.Int.Sample(seed =>
        {
            var disk = new SimulatedFileSystem(new Random(seed));
            var folder = new SnapshotFolder(disk, Folder, Shard);
            Written(folder, 10, chunks: 3);
            disk.Faults.CrashAtOperation = disk.Operations + 1 + (seed & 15);
            bool isFinished = false;
            try
            {
                Written(folder, 20, chunks: 8);
                isFinished = true;
                folder.DeleteOld(markedIndex: 20);
            }
            catch (SimulatedCrashException)
            {
            }

            disk.Crash();
            folder = new SnapshotFolder(disk, Folder, Shard);
            folder.DeleteLeftovers();
            ulong? newest = folder.NewestValid(e => throw e)?.Index; // what has its name is whole
            Assert.True(newest == 20 || (newest == 10 && !isFinished));
            Assert.All(disk.List(Folder), name => Assert.EndsWith(".snapshot", name, StringComparison.Ordinal));
        }, iter: 500);

    [Fact]
    public void Any_flipped_bit_is_found_and_the_older_snapshot_taken() =>
        Gen.Select(Gen.Int[0, 5000], Gen.Int[0, 7]).Sample((place, bit) =>
        {
            var disk = new SimulatedFileSystem(new Random(1));
            var folder = new SnapshotFolder(disk, Folder, Shard);
            SnapshotFile older = Written(folder, 10, chunks: 3);
            SnapshotFile newer = Written(folder, 20, chunks: 4);
            long length = disk.Open(newer.Path).Length;
            long offset = place % length;
            if (offset is >= 8 and < 12) return; // the version: refused as unknown, and not as damage
            disk.Corrupt(newer.Path, offset, (byte)(1 << bit));
            SnapshotDamagedException? damage = null;
            Assert.Equal(older, folder.NewestValid(e => damage = e));
            Assert.Equal(newer.Path, damage!.File);
            Assert.InRange(damage.Offset, 0, offset);
        }, iter: 300);

    [Fact]
    public void A_snapshot_cut_short_or_with_more_behind_it_is_damaged()
    {
        SnapshotFolder folder = Opened();
        SnapshotFile whole = Written(folder, 10, chunks: 3);
        using IFile file = files.Open(whole.Path);
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        foreach (int length in new[] { 0, 10, 100, 2000, bytes.Length - 1, bytes.Length + 1 })
        {
            using (IFile other = files.Create($"/snapshots/{20:D20}-{3:D20}.snapshot", 0))
            {
                byte[] cut = new byte[length];
                bytes.AsSpan(0, Math.Min(length, bytes.Length)).CopyTo(cut);
                other.Write(0, cut);
            }

            Assert.Equal(10UL, folder.NewestValid()!.Index);
            files.Delete($"/snapshots/{20:D20}-{3:D20}.snapshot");
        }
    }

    [Fact]
    public void Two_are_kept_and_leftovers_go()
    {
        SnapshotFolder folder = Opened();
        for (ulong i = 1; i <= 4; i++) Written(folder, i * 10, chunks: 1);
        using SnapshotWriter unfinished = folder.Write(Head(50));
        unfinished.Append([1]);
        folder.DeleteOld(markedIndex: 40);
        Assert.Equal([40UL, 30UL], folder.List().Select(s => s.Index));
        Assert.Equal(3, files.List(Folder).Count);
        folder.DeleteLeftovers();
        Assert.Equal(2, files.List(Folder).Count);
        SnapshotWriter abandoned = folder.Write(Head(60));
        abandoned.Abandon();
        Assert.Equal(2, files.List(Folder).Count);
    }

    /// <summary>Later files may stand there that no mark names yet: one that is being installed, one that was finished meanwhile.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_snapshot_that_the_log_goes_on_from_is_never_deleted(int keep)
    {
        SnapshotFolder folder = Opened();
        for (ulong i = 1; i <= 5; i++) Written(folder, i * 10, chunks: 1);
        folder.DeleteOld(markedIndex: 30, keep);
        Assert.Equal(keep == 2 ? [50UL, 40UL, 30UL, 20UL] : [50UL, 40UL, 30UL], folder.List().Select(s => s.Index));
    }

    [Fact]
    public void A_snapshot_received_in_pieces_is_the_senders_file()
    {
        SnapshotFile sent = Written(Opened(), 10, chunks: 9);
        using SnapshotReader source = SnapshotReader.Open(files, sent.Path);
        var folder = new SnapshotFolder(files, "/other", Shard);
        using SnapshotReceiver receiver = folder.Receive(source.Head.Mark, source.Length);
        byte[] piece = new byte[700];
        Assert.False(receiver.TryWrite(5, piece)); // something between is missing
        while (receiver.Received < receiver.Length)
        {
            int count = source.ReadRaw(receiver.Received, piece);
            long at = receiver.Received;
            Assert.True(receiver.TryWrite(at, piece.AsSpan(0, count)));
            Assert.True(receiver.TryWrite(at, piece.AsSpan(0, count))); // a piece may come twice
        }

        Assert.False(receiver.TryWrite(receiver.Length, [1]));
        SnapshotFile received = receiver.Finish();
        files.Crash();
        using SnapshotReader reader = folder.Read(received);
        reader.Verify();
        Assert.Equal(Head(10), reader.Head);
    }

    [Fact]
    public void A_received_snapshot_that_is_not_what_was_announced_never_gets_a_name()
    {
        SnapshotFile sent = Written(Opened(), 10, chunks: 2);
        using SnapshotReader source = SnapshotReader.Open(files, sent.Path);
        byte[] bytes = new byte[source.Length];
        source.ReadRaw(0, bytes);
        var folder = new SnapshotFolder(files, "/other", Shard);
        bytes[1500] ^= 1;
        Assert.Throws<SnapshotDamagedException>(() => Receive(folder, Head(10).Mark, bytes));
        bytes[1500] ^= 1;
        Assert.Throws<SnapshotDamagedException>(() => Receive(folder, Head(11).Mark, bytes));
        Assert.Throws<SnapshotDamagedException>(() => Receive(new SnapshotFolder(files, "/third", new ShardId(2)), Head(10).Mark, bytes));
        Assert.Empty(folder.List());
        Assert.Empty(files.List("/other"));
        Assert.Equal(10UL, Receive(folder, Head(10).Mark, bytes).Index);
    }

    [Fact]
    public void A_full_volume_ends_a_snapshot_and_abandoning_it_gives_the_space_back()
    {
        SnapshotFolder folder = Opened();
        files.VolumeBytes = 5000;
        SnapshotWriter writer = folder.Write(Head(10));
        FileFailedException e = Assert.Throws<FileFailedException>(() => AppendTenChunks(writer));
        Assert.True(e.IsDiskFull);
        writer.Abandon();
        Assert.Equal(5000, files.FreeBytes(Folder));
        Assert.Null(folder.NewestValid());
    }

    [Fact]
    public void A_volume_that_is_full_already_keeps_nothing_of_a_snapshot_that_could_not_begin()
    {
        SnapshotFolder folder = Opened();
        files.VolumeBytes = 10;
        FileFailedException e = Assert.Throws<FileFailedException>(() => folder.Write(Head(10)));
        Assert.True(e.IsDiskFull);
        Assert.Empty(files.List(Folder));
        Assert.Equal(10, files.FreeBytes(Folder));
    }

    private static void AppendTenChunks(SnapshotWriter writer)
    {
        for (int i = 0; i < 10; i++) writer.Append(TestLog.Bytes(1, 1000));
    }

    private static SnapshotFile Receive(SnapshotFolder folder, SnapshotMark mark, byte[] bytes)
    {
        SnapshotReceiver receiver = folder.Receive(mark, bytes.Length);
        try
        {
            Assert.True(receiver.TryWrite(0, bytes));
            return receiver.Finish();
        }
        catch (SnapshotDamagedException)
        {
            receiver.Abandon();
            throw;
        }
    }

    private static SnapshotHead Head(ulong index) =>
        new(Shard, new SnapshotMark(index, 3, RandomWrites.SomeConfiguration(2)), 1, UInt128.MaxValue - index, 12345);

    private static SnapshotFile Written(SnapshotFolder folder, ulong index, int chunks)
    {
        using SnapshotWriter writer = folder.Write(Head(index));
        for (int i = 0; i < chunks; i++) writer.Append(TestLog.Bytes((ulong)i, 1000));
        return writer.Finish();
    }

    private SnapshotFolder Opened() => new(files, Folder, Shard);
}
