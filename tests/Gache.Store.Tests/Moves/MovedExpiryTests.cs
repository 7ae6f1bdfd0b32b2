using Xunit;

namespace Gache.Store.Tests;

/// <summary>Keys that expire move with what is left of their time; what passes while nobody serves them does not count.</summary>
public sealed class MovedExpiryTests : IDisposable
{
    private readonly MoveDriver move = new();

    public void Dispose() => move.Dispose();

    [Theory]
    [InlineData(0ul, 5_000_000ul)]
    [InlineData(5_000_000ul, 0ul)]
    [InlineData(700_000ul, 900_000ul)]
    public void A_key_has_after_a_move_what_was_left_of_its_time_before(ulong sourceTime, ulong targetTime)
    {
        At(move.Source, sourceTime);
        At(move.Target, targetTime);
        Set(move.Source, 1, 1_000);
        Set(move.Source, 2, 100);
        Set(move.Source, 3, 10_000, valueBytes: 5_000);
        Assert.True(move.Leave());
        Assert.True(move.BeginImport(2));
        using (SlotExport export = move.Source.BeginExport(MoveDriver.Number))
        {
            ulong chunk = move.Stream(export, 2, 1, 0);
            At(move.Source, sourceTime + 300); // one is over on the way
            move.Stream(export, 2, 1, chunk);
        }

        Assert.True(move.Hand(1));
        At(move.Source, sourceTime + 60_000);
        At(move.Target, targetTime + 90_000);
        Assert.Equal(2, move.Source.KeyCount);
        Assert.Equal(2, move.Target.KeyCount);
        Assert.True(move.TakeOver(2));

        ulong start = targetTime + 90_000;
        Assert.Equal(start + 700, move.Target.NextDueMilliseconds);
        At(move.Target, start + 699);
        Assert.NotNull(move.Target.Get(MoveDriver.Key(1)));
        At(move.Target, start + 700);
        Assert.Null(move.Target.Get(MoveDriver.Key(1)));
        Assert.True(move.Target.TryGet(MoveDriver.Key(3), out ValueRef large));
        Assert.Equal(9_000ul, move.Target.RemainingMilliseconds(MoveDriver.Number, large, start + 700));
        Set(move.Target, 4, 50);
        At(move.Target, start + 750);
        Assert.Null(move.Target.Get(MoveDriver.Key(4)));
        Assert.True(MoveDriver.Release(move.Source, 2));
        Assert.Equal(ulong.MaxValue, move.Source.NextDueMilliseconds);
    }

    [Fact]
    public void A_record_that_says_it_expires_at_no_time_is_refused()
    {
        byte[] key = MoveDriver.Key(1);
        byte[] good = new byte[MovedRecords.LengthOf(key.Length, 1, 5)];
        MovedRecords.Write(good, key, 1, "v"u8, isRemoved: false, isIdempotency: false, due: 5);
        ReadOnlySpan<byte> rest = good;
        Assert.True(MovedRecords.TryTake(ref rest, MoveDriver.Number, out MovedRecord record));
        Assert.Equal(5ul, record.Due);
        Assert.True(rest.IsEmpty);
        for (int length = 0; length < good.Length; length++)
        {
            rest = good.AsSpan(0, length);
            Assert.False(MovedRecords.TryTake(ref rest, MoveDriver.Number, out _));
        }

        good.AsSpan(MovedRecords.HeadBytes, sizeof(ulong)).Clear();
        rest = good;
        Assert.False(MovedRecords.TryTake(ref rest, MoveDriver.Number, out _));
        good[2] = 8;
        rest = good;
        Assert.False(MovedRecords.TryTake(ref rest, MoveDriver.Number, out _));
    }

    private static void Set(KeyValueStore store, int number, ulong ttl, int valueBytes = 1) =>
        store.Write(CommandKind.Set, MoveDriver.Key(number), new byte[valueBytes], new WriteOptions { TtlMilliseconds = ttl });

    private static void At(KeyValueStore store, ulong time) => store.Apply(store.AppliedIndex + 1, Command.EncodeTime(time));
}
