using System.Buffers.Binary;
using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

public sealed class SnapshotTests : IDisposable
{
    private readonly KeyValueStore store = new();
    private readonly KeyValueStore other = new();

    public void Dispose()
    {
        store.Dispose();
        other.Dispose();
        Assert.Equal(0, store.NativeBytes);
        Assert.Equal(0, other.NativeBytes);
    }

    [Theory]
    [InlineData(SnapshotCapture.MinChunkBytes)]
    [InlineData(SnapshotCapture.ChunkBytes)]
    public void Values_of_every_size_pass_through_chunks_of_any_size(int chunkBytes)
    {
        int[] sizes = [0, 1, 2_047, 2_048, 2_049, chunkBytes - 100, chunkBytes, chunkBytes + 1, 3 * chunkBytes, 1_000_000, StoreLimits.MaxValueBytes];
        for (int i = 0; i < sizes.Length; i++) store.Set(Key(i), StoreDriver.Value(sizes[i], i));

        SnapshotCapture capture = store.BeginSnapshot();
        List<byte[]> chunks = capture.Drain(chunkBytes);
        other.Restore(capture.Head, chunks);

        Assert.Equal(store.Checksum, other.Checksum);
        for (int i = 0; i < sizes.Length; i++) Assert.Equal(StoreDriver.Value(sizes[i], i), other.Get(Key(i)));
    }

    [Fact]
    public void A_large_value_deleted_half_way_through_its_chunks_is_still_captured_whole()
    {
        byte[] value = StoreDriver.Value(1_000_000, 3);
        store.Set("large"u8, value);
        SnapshotCapture capture = store.BeginSnapshot();
        byte[] chunk = new byte[SnapshotCapture.ChunkBytes];
        var chunks = new List<byte[]> { chunk[..capture.Fill(chunk)] };

        store.Delete("large"u8);
        chunks.AddRange(capture.Drain());
        Assert.Equal(0, other.NativeBytes);
        other.Restore(capture.Head, chunks);
        Assert.Equal(value, other.Get("large"u8));
        Assert.InRange(store.NativeBytes, 0, 3 * SlabPool.SlabBytes);
    }

    [Fact]
    public void Equal_states_reached_by_snapshot_and_log_or_log_alone_have_equal_checksums_and_snapshots()
    {
        var random = new Random(5);
        for (int i = 0; i < 5_000; i++) store.Set(Key(random.Next(2_000)), StoreDriver.Value(random.Next(200), i));
        SnapshotCapture capture = store.BeginSnapshot();
        other.Restore(capture.Head, capture.Drain());

        for (int i = 0; i < 5_000; i++)
        {
            byte[] command = random.Next(2) == 0 ? Command.EncodeDelete(Key(random.Next(2_000))) : Command.EncodeSet(Key(random.Next(2_000)), StoreDriver.Value(random.Next(3_000), i));
            ulong index = store.AppliedIndex + 1;
            Assert.Equal(store.Apply(index, command), other.Apply(index, command));
        }

        Assert.Equal(store.Checksum, other.Checksum);
        Assert.Equal(store.BeginSnapshot().Drain(), other.BeginSnapshot().Drain());
        for (int slot = 0; slot < Slot.Count; slot++) Assert.Equal(store.SlotChecksum(slot), other.SlotChecksum(slot));

        store.Set(Key(0), "x"u8);
        other.Set(Key(0), "y"u8);
        Assert.NotEqual(store.Checksum, other.Checksum);
    }

    [Fact]
    public void An_empty_store_has_a_snapshot_too()
    {
        store.ApplyNothing(1);
        SnapshotCapture capture = store.BeginSnapshot();
        Assert.Empty(capture.Drain());
        other.Restore(capture.Head, []);
        Assert.Equal(1UL, other.AppliedIndex);
    }

    [Fact]
    public void A_head_is_read_as_it_was_written()
    {
        var head = new SnapshotHead(1, 2, 3, 4, 5, UInt128.MaxValue, default);
        var writer = new ByteWriter();
        head.WriteTo(writer);
        var reader = new ByteReader(writer.Written);
        Assert.Equal(head, SnapshotHead.ReadFrom(ref reader));
        Assert.True(reader.IsValid);
        Assert.Equal(0, reader.Remaining);

        byte[] later = writer.Written.ToArray();
        later[0] += 2;
        Assert.Throws<SnapshotDamagedException>(() =>
        {
            var laterReader = new ByteReader(later);
            SnapshotHead.ReadFrom(ref laterReader);
        });
    }

    [Fact]
    public void A_full_capture_says_so_and_gives_itself_up_at_twice_its_bound_and_apply_goes_on()
    {
        const long Bound = 1_000_000;
        for (int i = 0; i < 50_000; i++) store.Set(Key(i), new byte[100]);
        SnapshotCapture capture = store.BeginSnapshot(Bound);
        bool wasFull = false;
        int changed = 0;
        while (!capture.IsAbandoned && changed < 50_000)
        {
            store.Set(Key(changed++), new byte[100]);
            Assert.InRange(capture.PreimageBytes, 0, 2 * Bound + BlockSizes.MaxBytes);
            wasFull |= capture.IsFull;
        }

        Assert.True(wasFull);
        Assert.True(capture.IsAbandoned);
        long kept = capture.PreimageBytes;
        for (int i = 0; i < 1_000; i++) store.Set(Key(changed++), new byte[100]);
        Assert.Equal(kept, capture.PreimageBytes);
        Assert.Equal(0, capture.Fill(new byte[SnapshotCapture.ChunkBytes]));
        Assert.Equal(0, capture.PreimageBytes);
        Assert.False(capture.IsComplete);

        SnapshotCapture next = store.BeginSnapshot();
        other.Restore(next.Head, next.Drain());
        Assert.Equal(store.Checksum, other.Checksum);
    }

    [Fact]
    public void The_next_snapshot_takes_the_place_of_one_that_gave_itself_up()
    {
        for (int i = 0; i < 1_000; i++) store.Set(Key(i), new byte[3_000]);
        SnapshotCapture capture = store.BeginSnapshot(preimageBytesMax: 10_000);
        for (int i = 0; !capture.IsAbandoned; i++) store.Delete(Key(i));

        Assert.Equal(store.KeyCount, store.BeginSnapshot().Head.KeyCount);
        Assert.Equal(0, capture.PreimageBytes);
        capture.Abandon();
        Assert.Throws<InvariantBrokenException>(() => store.BeginSnapshot());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{one slot}")]
    public void A_full_capture_empties_as_it_is_filled_on(string tag)
    {
        byte[] prefix = System.Text.Encoding.ASCII.GetBytes(tag);
        for (int i = 0; i < 50_000; i++) store.Set([.. prefix, .. Key(i)], new byte[100]);
        SnapshotCapture capture = store.BeginSnapshot(1_000_000);
        for (int i = 0; !capture.IsFull; i++) store.Set([.. prefix, .. Key(i)], new byte[100]);
        byte[] chunk = new byte[SnapshotCapture.ChunkBytes];
        while (!capture.IsComplete)
        {
            long before = capture.PreimageBytes;
            capture.Fill(chunk);
            Assert.True(capture.PreimageBytes < before || capture.PreimageBytes == 0);
        }
    }

    [Fact]
    public void A_hundred_thousand_new_keys_in_one_slot_do_not_make_a_slice_long()
    {
        SnapshotCapture capture = store.BeginSnapshot();
        for (int i = 0; i < 100_000; i++) store.Set([.. "{tag}"u8, .. Key(i)], []);
        byte[] chunk = new byte[SnapshotCapture.ChunkBytes];
        int slices = 0;
        while (!capture.IsComplete)
        {
            Assert.Equal(0, capture.Fill(chunk));
            slices++;
        }

        Assert.InRange(slices, 20, 100);
        Assert.Equal(0, capture.Head.KeyCount);
    }

    private static byte[] Key(int number)
    {
        byte[] key = "key:00000000000"u8.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(11), number);
        return key;
    }
}
