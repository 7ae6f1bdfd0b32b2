using System.Buffers.Binary;
using Xunit;

namespace Gache.Store.Tests;

public sealed class BlockForestTests : IDisposable
{
    private const int AnySlot = 4711;
    private readonly NativeLedger ledger = new();
    private readonly BlockForest forest;

    public BlockForestTests() => forest = new BlockForest(ledger);

    public void Dispose() => forest.Clear();

    public static TheoryData<int, int> KeySizes => new() { { 8, 0 }, { 8, 100 }, { 700, 3 }, { 2_048, 0 } };

    [Theory]
    [MemberData(nameof(KeySizes))]
    public void One_slot_holds_keys_that_come_and_go_in_any_order(int keyBytes, int valueBytes)
    {
        var random = new Random(keyBytes);
        var model = new SortedSet<ulong>();
        int keys = keyBytes > 1_000 ? 2_000 : 20_000;
        for (int i = 0; i < keys; i++) PutOnce(model, (ulong)random.Next(keys), keyBytes, valueBytes);
        CheckAll(model, keyBytes);

        ulong[] there = [.. model];
        random.Shuffle(there);
        for (int i = 0; i < there.Length; i++)
        {
            if (i == there.Length / 2) CheckAll(model, keyBytes);
            RemoveOnce(model, there[i], keyBytes);
        }

        Assert.True(forest.IsEmpty(AnySlot));
        Assert.Equal(0, forest.UsedBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Keys_that_arrive_in_order_leave_full_blocks(bool ascending)
    {
        var model = new SortedSet<ulong>();
        for (ulong i = 0; i < 10_000; i++) PutOnce(model, ascending ? i : 10_000 - i, keyBytes: 15, valueBytes: 100);
        CheckAll(model, keyBytes: 15);
        long recordBytes = 10_000 * (Record.HeadBytes + 15 + 100 + Block.IndexBytes);
        Assert.InRange(forest.UsedBytes, recordBytes, recordBytes * 108 / 100);
    }

    [Fact]
    public void A_slot_with_one_short_key_takes_a_cache_line()
    {
        var path = default(BlockPath);
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            forest.Seek(slot, "key"u8, ref path);
            forest.Put(ref path, new RecordDraft("key"u8, 0, 1, "value"u8));
            forest.Settle();
        }

        Assert.Equal(Slot.Count * 64, forest.UsedBytes);
        Assert.InRange(ledger.SlabBytes, forest.UsedBytes, forest.UsedBytes + SlabPool.SlabBytes);
    }

    [Fact]
    public void Memory_is_given_back_as_keys_go_whatever_is_left_where()
    {
        var path = default(BlockPath);
        Span<byte> key = stackalloc byte[8];
        byte[] value = new byte[100];
        const int Keys = 200_000;
        for (int i = 0; i < Keys; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(key, i);
            forest.Seek(i % 500, key, ref path);
            forest.Put(ref path, new RecordDraft(key, 0, 1, value));
            forest.Settle();
        }

        // Every tenth stays, so that each slab had some that stay.
        for (int i = 0; i < Keys; i++)
        {
            if (i / 500 % 10 == 0) continue;
            BinaryPrimitives.WriteInt64BigEndian(key, i);
            forest.Seek(i % 500, key, ref path);
            Assert.True(path.IsFound);
            forest.Remove(ref path);
            forest.Settle();
        }

        ForestStructure.Check(forest);
        long left = Keys / 10 * (Record.HeadBytes + 8 + 100 + Block.IndexBytes);
        Assert.InRange(forest.UsedBytes, left, left * 125 / 100);

        // At most one half used slab for each of the sizes, and the spare ones.
        Assert.InRange(ledger.SlabBytes, forest.UsedBytes, forest.UsedBytes * 105 / 100 + (BlockSizes.Count + 1) * SlabPool.SlabBytes);
        forest.Clear();
        Assert.Equal(0, ledger.SlabBytes);
    }

    [Fact]
    public void Records_that_become_shorter_give_their_memory_back()
    {
        var model = new SortedSet<ulong>();
        for (ulong i = 0; i < 10_000; i++) PutOnce(model, i, keyBytes: 15, valueBytes: 100);
        var path = default(BlockPath);
        for (ulong i = 0; i < 10_000; i++)
        {
            byte[] key = Key(i, 15);
            forest.Seek(AnySlot, key, ref path);
            forest.Put(ref path, new RecordDraft(key, 0, i + 1, new byte[50]));
            forest.Settle();
        }

        CheckAll(model, keyBytes: 15);
        long recordBytes = 10_000 * (Record.HeadBytes + 15 + 50 + Block.IndexBytes);
        Assert.InRange(forest.UsedBytes, recordBytes, recordBytes * 115 / 100);
    }

    private void PutOnce(SortedSet<ulong> model, ulong number, int keyBytes, int valueBytes)
    {
        var path = default(BlockPath);
        byte[] key = Key(number, keyBytes);
        forest.Seek(AnySlot, key, ref path);
        Assert.Equal(!model.Add(number), path.IsFound);
        Record written = forest.Put(ref path, new RecordDraft(key, 0, number + 1, new byte[valueBytes]));
        Assert.True(written.Key.SequenceEqual(key));
        forest.Settle();
    }

    private void RemoveOnce(SortedSet<ulong> model, ulong number, int keyBytes)
    {
        var path = default(BlockPath);
        forest.Seek(AnySlot, Key(number, keyBytes), ref path);
        Assert.True(path.IsFound);
        Assert.Equal(number + 1, path.Record.Revision);
        forest.Remove(ref path);
        forest.Settle();
        model.Remove(number);
        Assert.False(forest.TryFind(AnySlot, Key(number, keyBytes), out _));
    }

    private void CheckAll(SortedSet<ulong> model, int keyBytes)
    {
        ForestStructure.Check(forest);
        var cursor = default(BlockCursor);
        cursor.SeekBehind(forest, AnySlot, default);
        foreach (ulong number in model)
        {
            Assert.False(cursor.IsAtEnd);
            Assert.Equal(number + 1, cursor.Record.Revision);
            Assert.True(forest.TryFind(AnySlot, Key(number, keyBytes), out Record found));
            Assert.Equal(number + 1, found.Revision);
            cursor.MoveNext();
        }

        Assert.True(cursor.IsAtEnd);
    }

    // The number stands last, so that long keys share a long prefix and separators are long too.
    private static byte[] Key(ulong number, int length)
    {
        byte[] key = new byte[length];
        key.AsSpan(0, length - sizeof(ulong)).Fill((byte)'k');
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(length - sizeof(ulong)), number);
        return key;
    }
}
