using System.Text;
using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>http-api: GET and DELETE /keys, as the store does it.</summary>
public sealed class ScanTests : IDisposable
{
    private readonly KeyValueStore store = new();

    public void Dispose() => store.Dispose();

    [Fact]
    public void Every_key_that_is_there_all_along_is_told_exactly_once_in_order_whatever_the_pages_and_changes_in_between() =>
        Gen.Select(Gen.Select(Gen.Int[0, 3], Gen.Byte.Array[1, 3]).Select((tag, rest) => (byte[])[.. Encoding.UTF8.GetBytes($"{{{tag}}}"), .. rest]).Array[0, 300], Gen.Int[1, 40], Gen.Int[1, 60], Gen.Int)
            .Sample((keys, maxKeys, maxBytes, seed) =>
            {
                using var own = new KeyValueStore();
                foreach (byte[] key in keys) own.Set(key, key);
                var stable = keys.Where((_, i) => i % 2 == 0).Select(Convert.ToHexString).ToHashSet();
                byte[][] others = [.. keys.Where(key => !stable.Contains(Convert.ToHexString(key)))];
                var random = new Random(seed);
                var told = new List<byte[]>();
                for (ScanPosition at = ScanPosition.Start; !at.IsEnd;)
                {
                    ScanPage page = own.Scan(new ScanQuery(default, at, Slot.Count - 1, maxKeys, maxBytes, WithValues: true));
                    told.AddRange(page.Keys.Select(one => one.Key.ToArray()));
                    Assert.All(page.Keys, one => Assert.Equal(one.Key.ToArray(), one.Value!.Value.ToArray()));
                    Assert.True(page.Keys.Count <= maxKeys);
                    Assert.NotEqual(ScanEnd.NotServed, page.End);
                    at = page.Next;
                    if (others.Length == 0) continue;
                    own.Delete(others[random.Next(others.Length)]);
                    byte[] again = others[random.Next(others.Length)];
                    own.Set(again, again);
                }

                Assert.Equal(told.Count, told.Select(Convert.ToHexString).Distinct().Count());
                Assert.Superset(stable, told.Select(Convert.ToHexString).ToHashSet());
                for (int i = 1; i < told.Count; i++)
                {
                    int bySlot = Slot.Of(told[i - 1]).CompareTo(Slot.Of(told[i]));
                    Assert.True(bySlot < 0 || (bySlot == 0 && told[i - 1].AsSpan().SequenceCompareTo(told[i]) < 0));
                }
            });

    [Fact]
    public void A_prefix_picks_exactly_the_keys_that_begin_with_it() =>
        Gen.Select(Gen.Byte[97, 99].Array[1, 6].Array[0, 80], Gen.Byte[97, 99].Array[0, 3], Gen.Int[1, 5]).Sample((keys, prefix, limit) =>
        {
            using var own = new KeyValueStore();
            foreach (byte[] key in keys) own.Set(key, "v"u8);
            var expected = keys.Where(key => key.AsSpan().StartsWith(prefix)).Select(Convert.ToHexString).ToHashSet();
            Assert.Equal(expected, [.. All(own, prefix, limit).Select(Convert.ToHexString)]);

            if (prefix.Length == 0) return;
            int deleted = 0;
            for (ScanPosition at = ScanPosition.Start; !at.IsEnd;)
            {
                byte[] command = new DeleteRangeCommand(prefix, at, Slot.Count - 1, limit, 3).Encode();
                Assert.True(Command.IsOfClient(command));
                ApplyResult result = own.Apply(own.AppliedIndex + 1, command);
                (ScanEnd end, ScanPosition next) = DeleteRangeCommand.ParseAnswer(result.Body)!.Value;
                Assert.True(result.Number <= limit);
                Assert.Equal(end == ScanEnd.Complete, next.IsEnd);
                deleted += (int)result.Number;
                at = next;
            }

            Assert.Equal(expected.Count, deleted);
            Assert.Equal(keys.Select(Convert.ToHexString).Distinct().Count() - expected.Count, own.KeyCount);
            Assert.Empty(All(own, prefix, limit));
        });

    [Fact]
    public void A_page_ends_before_a_slot_that_is_not_served_and_its_owner_can_go_on_there()
    {
        int slot = Slot.Of("{x}"u8);
        store.Apply(1, new SlotsCommand(CommandKind.Found, default, true, SlotSet.Of(slot, slot)).Encode());
        store.Set("{x}1"u8, "v"u8);
        ScanPage page = store.Scan(new ScanQuery(default, new ScanPosition(slot, default), Slot.Count - 1, 10, 100, false));
        Assert.Equal((ScanEnd.NotServed, slot + 1), (page.End, page.Next.Slot));
        Assert.Single(page.Keys);
        Assert.Equal(ScanEnd.Complete, store.Scan(new ScanQuery(default, new ScanPosition(slot, default), slot, 10, 100, false)).End);
        Assert.Equal(ScanEnd.NotServed, store.Scan(new ScanQuery(default, ScanPosition.Start, Slot.Count - 1, 10, 100, false)).End);

        ApplyResult refused = store.Apply(store.AppliedIndex + 1, new DeleteRangeCommand("{"u8.ToArray(), ScanPosition.Start, Slot.Count - 1, 10, 10).Encode());
        Assert.Equal(ApplyStatus.NotServed, refused.Status);
        ApplyResult deleted = store.Apply(store.AppliedIndex + 1, new DeleteRangeCommand("{"u8.ToArray(), new ScanPosition(slot, default), Slot.Count - 1, 10, 10).Encode());
        Assert.Equal(1, deleted.Number);
        Assert.Equal((ScanEnd.NotServed, slot + 1), (DeleteRangeCommand.ParseAnswer(deleted.Body)!.Value.End, DeleteRangeCommand.ParseAnswer(deleted.Body)!.Value.Next.Slot));
        Assert.Equal(0, store.KeyCount);
    }

    [Fact]
    public void What_is_over_is_neither_told_nor_counted_as_deleted()
    {
        for (int i = 0; i < 3_000; i++)
            store.Write(CommandKind.Set, Encoding.UTF8.GetBytes($"{{t}}{i}"), "v"u8, new WriteOptions { TtlMilliseconds = 10 });
        store.Set("{t}stays"u8, "v"u8);
        byte[] command = new DeleteRangeCommand("{t}"u8.ToArray(), ScanPosition.Start, Slot.Count - 1, 1_000, 1_000).Encode();
        Command.StampTime(command, 1_000);
        ApplyResult first = store.Apply(store.AppliedIndex + 1, command);
        Assert.Equal(0, first.Number);
        Assert.Equal(["{t}stays"u8.ToArray()], All(store, [], 1_000));
    }

    [Fact]
    public void A_page_looks_into_a_bounded_number_of_slots()
    {
        for (int i = 0; i < 5_000; i++) store.Set(Encoding.UTF8.GetBytes($"k{i}"), "v"u8);
        ScanPage page = store.Scan(new ScanQuery("none"u8.ToArray(), ScanPosition.Start, Slot.Count - 1, 1_000, 1_000, false));
        Assert.Empty(page.Keys);
        Assert.Equal(ScanEnd.Bound, page.End);
        Assert.InRange(page.Next.Slot, ScanQuery.MaxSlotsOfPage, Slot.Count - 1);
    }

    [Fact]
    public void Bytes_that_are_no_deletion_of_a_range_are_none()
    {
        byte[] command = new DeleteRangeCommand("p"u8.ToArray(), new ScanPosition(5, "key"u8.ToArray()), 9, 10, 10).Encode();
        Assert.True(Command.IsOfClient(command));
        Assert.Equal(5, Command.SlotOf(command));
        for (int length = 0; length < command.Length; length++) Assert.False(Command.IsOfClient(command.AsSpan(0, length)));
        Assert.False(Command.IsOfClient(new DeleteRangeCommand("p"u8.ToArray(), new ScanPosition(10, default), 9, 10, 10).Encode()));
        Assert.False(Command.IsOfClient(new DeleteRangeCommand("p"u8.ToArray(), ScanPosition.Start, 9, 1_001, 10).Encode()));
        Assert.False(Command.IsOfClient(Command.EncodeTime(5)));
        Assert.False(Command.IsOfClient([99, 1, .. new byte[40]]));
        Assert.False(Command.IsOfClient(new SlotsCommand(CommandKind.Leave, new ShardId(1), false, SlotSet.Of(0, 1)).Encode()));
    }

    private static List<byte[]> All(KeyValueStore store, byte[] prefix, int limit)
    {
        var told = new List<byte[]>();
        for (ScanPosition at = ScanPosition.Start; !at.IsEnd;)
        {
            ScanPage page = store.Scan(new ScanQuery(prefix, at, Slot.Count - 1, limit, int.MaxValue, false));
            told.AddRange(page.Keys.Select(one => one.Key.ToArray()));
            at = page.Next;
        }

        return told;
    }
}
