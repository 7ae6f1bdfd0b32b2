using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

public sealed class KeyValueStoreTests : IDisposable
{
    private readonly KeyValueStore store = new();

    public void Dispose() => store.Dispose();

    [Fact]
    public void A_set_is_read_back_with_its_revision()
    {
        ApplyResult first = store.Set("a"u8, "one"u8);
        ApplyResult second = store.Set("b"u8, ""u8);

        Assert.Equal(new ApplyResult(ApplyStatus.Done, 1, false), first);
        Assert.Equal(new ApplyResult(ApplyStatus.Done, 2, false), second);
        Assert.True(store.TryGet("a"u8, out ValueRef value));
        Assert.Equal("one"u8, value.Bytes);
        Assert.Equal(1UL, value.Revision);
        Assert.True(store.TryGet("b"u8, out value));
        Assert.Equal(0, value.Bytes.Length);
        Assert.False(store.TryGet("c"u8, out _));
        Assert.Equal(2, store.KeyCount);
    }

    [Fact]
    public void A_put_says_whether_the_key_was_there()
    {
        Assert.False(store.Put("a"u8, "1"u8).Existed);
        Assert.True(store.Put("a"u8, "2"u8).Existed);
        Assert.Equal("2"u8.ToArray(), store.Get("a"u8));
        Assert.Equal(1, store.KeyCount);
    }

    [Fact]
    public void Deleting_nothing_changes_nothing_but_the_applied_index()
    {
        store.Set("a"u8, "1"u8);
        UInt128 before = store.Checksum;

        Assert.Equal(1UL, store.Delete("b"u8).Revision);
        Assert.Equal(before, store.Checksum);
        Assert.Equal(2UL, store.AppliedIndex);

        ApplyResult deleted = store.Delete("a"u8);
        Assert.Equal(new ApplyResult(ApplyStatus.Done, 2, true), deleted);
        Assert.Null(store.Get("a"u8));
        Assert.Equal(0, store.KeyCount);
    }

    [Fact]
    public void Entries_are_applied_without_gap_or_repetition()
    {
        store.ApplyNothing(1);
        Assert.Throws<InvariantBrokenException>(() => store.ApplyNothing(1));
        Assert.Throws<InvariantBrokenException>(() => store.Apply(3, Command.EncodeDelete("a"u8)));
        Assert.Equal(1UL, store.AppliedIndex);
        Assert.Throws<InvariantBrokenException>(() => store.Apply(2, [1, 1, 0]));
    }

    [Fact]
    public void Time_never_goes_back_and_is_no_part_of_the_checksum()
    {
        UInt128 before = store.Checksum;
        store.Apply(1, Command.EncodeTime(500));
        store.Apply(2, Command.EncodeTime(400));
        Assert.Equal(500UL, store.StoreTimeMilliseconds);
        Assert.Equal(before, store.Checksum);
        Assert.Equal(0UL, store.Revision);
    }

    [Fact]
    public void Time_that_was_only_heard_does_not_reach_what_apply_sees()
    {
        store.Apply(1, Command.EncodeTime(500));
        store.RaiseTime(900);
        store.RaiseTime(800);
        Assert.Equal(500UL, store.StoreTimeMilliseconds);
        Assert.Equal(900UL, store.LatestTimeMilliseconds);

        byte[] command = Command.EncodeSet("a"u8, "1"u8);
        Command.StampTime(command, 950);
        store.Apply(2, command);
        Assert.Equal(950UL, store.StoreTimeMilliseconds);
        Assert.Equal(950UL, store.LatestTimeMilliseconds);
    }

    [Fact]
    public void A_checksum_tells_apart_what_a_reader_could_tell_apart()
    {
        var seen = new HashSet<UInt128>();
        foreach ((string key, string value, int sets) in new[] { ("a", "b", 1), ("a", "c", 1), ("ab", "", 1), ("b", "b", 1), ("a", "b", 2), ("a", "b", 0) })
        {
            using var other = new KeyValueStore();
            for (int i = 0; i < sets; i++) other.Set(System.Text.Encoding.ASCII.GetBytes(key), System.Text.Encoding.ASCII.GetBytes(value));
            Assert.True(seen.Add(other.Checksum), $"{key}={value} set {sets} times has another's checksum");
        }
    }

    [Fact]
    public void Equal_records_under_different_revision_counters_differ()
    {
        using var other = new KeyValueStore();
        other.Set("x"u8, "1"u8);
        other.Delete("x"u8);
        Assert.NotEqual(store.Checksum, other.Checksum);
        Assert.Equal(store.SlotChecksum(Slot.Of("x"u8)), other.SlotChecksum(Slot.Of("x"u8)));
    }

    [Fact]
    public void A_slots_checksum_and_count_are_of_its_own_keys_only()
    {
        int slot = Slot.Of("a"u8);
        store.Set("a"u8, "1"u8);
        UInt128 one = store.SlotChecksum(slot);
        store.Set("b"u8, "1"u8);
        Assert.Equal(one, store.SlotChecksum(slot));
        Assert.NotEqual(UInt128.Zero, store.SlotChecksum(Slot.Of("b"u8)));
        Assert.Equal(1, store.KeyCountOf(slot));
        store.Delete("a"u8);
        Assert.Equal(UInt128.Zero, store.SlotChecksum(slot));
        Assert.Equal(0, store.KeyCountOf(slot));
    }

    [Fact]
    public void A_conditional_write_does_what_the_contract_says_to_any_history()
    {
        string[] names = ["a", "b"];
        Gen<(int Kind, int Key, Condition? Condition, ulong Least)> step = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1], CommandTests.Conditions.Null(0.3), Gen.ULong[0, 5]);
        step.Array[1, 40].Sample(history =>
        {
            using var store = new KeyValueStore();
            var model = new ModelStore();
            foreach ((int kind, int number, Condition? drawn, ulong least) in history)
            {
                byte[] key = System.Text.Encoding.ASCII.GetBytes(names[number]);
                byte[] value = [(byte)least];
                // Revisions near the present one, so that conditions hold as often as not.
                Condition? condition = drawn is { AnyOf.Length: > 0 } ? drawn with { AnyOf = new[] { model.Revision - Math.Min(least, model.Revision) } } : drawn;
                CommandKind command = kind switch { 0 => CommandKind.Set, 1 => CommandKind.Put, _ => CommandKind.Delete };
                byte[] written = command == CommandKind.Delete ? [] : value;
                ApplyResult Plain() => command == CommandKind.Delete ? model.Delete(key) : model.Set(key, value);
                ApplyResult expected = condition is null ? Plain() : model.If(condition, key, Plain);
                ApplyResult actual = condition is null
                    ? store.Apply(store.AppliedIndex + 1, StoreDriver.Encode(command, key, written, new WriteOptions()))
                    : store.Write(command, key, written, new WriteOptions { Condition = condition });
                Assert.Equal(expected, actual);
            }

            model.AssertEquals(store);
        });
    }

    [Fact]
    public void A_failed_condition_changes_nothing_but_the_applied_index()
    {
        store.Set("a"u8, "1"u8);
        UInt128 before = store.Checksum;
        var condition = new WriteOptions { Condition = new Condition { AnyOf = new ulong[] { 7 } } };
        Assert.Equal(new ApplyResult(ApplyStatus.ConditionFailed, 1, true), store.Write(CommandKind.Set, "a"u8, "2"u8, condition));
        Assert.Equal(new ApplyResult(ApplyStatus.ConditionFailed, 0, false), store.Write(CommandKind.Delete, "b"u8, default, condition));
        Assert.Equal(before, store.Checksum);
        Assert.Equal(3UL, store.AppliedIndex);
    }
}
