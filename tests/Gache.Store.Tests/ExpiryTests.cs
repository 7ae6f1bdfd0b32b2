using System.Text;
using CsCheck;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>http-api: Expiry, as apply does it: what is over is gone at one index, however many are over at once.</summary>
public sealed class ExpiryTests : IDisposable
{
    private readonly KeyValueStore store = new();

    public void Dispose() => store.Dispose();

    [Fact]
    public void A_key_is_there_until_its_time_is_over_and_gone_from_the_entry_on_that_says_so()
    {
        Set("a", "1", 1_000, at: 5_000);
        At(5_999);
        Assert.Equal("1"u8.ToArray(), store.Get("a"u8));
        store.RaiseTime(50_000); // heard, and not applied: it changes nothing
        Assert.Equal("1"u8.ToArray(), store.Get("a"u8));
        At(6_000);
        Assert.Null(store.Get("a"u8));
        Assert.Equal(0, store.KeyCount);
        Assert.Equal(2ul, store.Revision); // a change like a removal
        Assert.Equal(ulong.MaxValue, store.NextDueMilliseconds);
    }

    [Fact]
    public void A_write_without_a_time_makes_the_key_permanent_and_keep_leaves_what_is_left()
    {
        Set("a", "1", 1_000);
        Set("b", "1", 1_000);
        Set("c", "1", 1_000);
        At(500);
        store.Set("a"u8, "2"u8);
        Write(CommandKind.Put, "b", "2", new WriteOptions { KeepsTtl = true });
        Set("c", "2", 1_000);
        Write(CommandKind.Put, "new", "2", new WriteOptions { KeepsTtl = true });
        Assert.Equal(1_000ul, store.NextDueMilliseconds);
        At(1_000);
        Assert.Null(store.Get("b"u8));
        Assert.NotNull(store.Get("c"u8));
        At(1_500);
        Assert.Null(store.Get("c"u8));
        Assert.Equal("2"u8.ToArray(), store.Get("a"u8));
        Assert.Equal("2"u8.ToArray(), store.Get("new"u8));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(5_000)]
    public void A_touch_changes_the_time_and_nothing_else(int valueBytes)
    {
        byte[] value = StoreDriver.Value(valueBytes, 1);
        store.Set("a"u8, value);
        Assert.Equal(new ApplyResult(ApplyStatus.Done, 1, true), Touch("a", 1_000));
        Assert.Equal(new ApplyResult(ApplyStatus.Done, 1, true), Touch("a", 2_000));
        Assert.Equal(new ApplyResult(ApplyStatus.KeyNotFound, 0, false), Touch("none", 1_000));
        At(1_999);
        Assert.True(store.TryGet("a"u8, out ValueRef found));
        Assert.Equal(1ul, found.Revision);
        Assert.True(found.Bytes.SequenceEqual(value));
        Assert.Equal(1ul, store.RemainingMilliseconds(Slot.Of("a"u8), found, 0));
        At(2_000);
        Assert.Null(store.Get("a"u8));
    }

    [Fact]
    public void A_counter_keeps_its_time_and_gets_one_only_where_it_begins()
    {
        Write(CommandKind.Add, "c", "", new WriteOptions { Counter = new CounterTerms(1), TtlMilliseconds = 1_000 });
        At(500);
        Assert.Equal(3, Write(CommandKind.Add, "c", "", new WriteOptions { Counter = new CounterTerms(2), TtlMilliseconds = 1_000 }).Number);
        At(1_000);
        Assert.Equal(
            new ApplyResult(ApplyStatus.Done, 4, false, 2), Write(CommandKind.Add, "c", "", new WriteOptions { Counter = new CounterTerms(2) }));
        At(100_000);
        Assert.Equal("2"u8.ToArray(), store.Get("c"u8));
    }

    [Fact]
    public void An_expiry_changes_the_checksum_and_a_key_without_one_takes_no_byte_for_it()
    {
        store.Set("a"u8, "1"u8);
        UInt128 without = store.Checksum;
        long bytes = store.Bytes;
        using var other = new KeyValueStore();
        other.Write(CommandKind.Set, "a"u8, "1"u8, new WriteOptions { TtlMilliseconds = 1_000 });
        Assert.NotEqual(without, other.Checksum);
        store.Write(CommandKind.Set, "a"u8, "1"u8, new WriteOptions { TtlMilliseconds = 1_000 });
        Assert.Equal(other.SlotChecksum(Slot.Of("a"u8)) == store.SlotChecksum(Slot.Of("a"u8)), other.Revision == store.Revision);
        store.Set("a"u8, "1"u8);
        Assert.Equal(bytes, store.Bytes);
    }

    /// <summary>A million keys that are over in the same second: each entry does little, and all are gone for readers at once.</summary>
    [Fact]
    public void One_entry_deletes_a_bounded_number_and_what_it_leaves_is_gone_nevertheless()
    {
        const int Many = 20_000;
        for (int i = 0; i < Many; i++) Set($"k{i}", "v", 1_000);
        store.Apply(store.AppliedIndex + 1, Stamped(Command.EncodeSet("other"u8, "v"u8), 1_000));
        Assert.InRange(store.KeyCount, Many - 10, Many);
        for (int i = 0; i < Many; i += 1_000) Assert.Null(store.Get(Encoding.ASCII.GetBytes($"k{i}")));

        // A write meets a key that waits for its turn: it is new.
        ulong revision = store.Revision;
        Assert.False(store.Put("k19999"u8, "new"u8).Existed);
        Assert.InRange(store.Revision, revision + 2, revision + 12); // it went, and came, and others went beside it
        Assert.Equal(ApplyStatus.KeyNotFound, Touch("k19998", 1_000).Status);
        Assert.Equal(ApplyStatus.Done, Write(CommandKind.Put, "k19997", "x", new WriteOptions { Condition = new Condition { MustNotExist = true } }).Status);

        int entries = 0;
        for (; store.NextDueMilliseconds <= store.StoreTimeMilliseconds; entries++) At(1_000);
        Assert.InRange(entries, Many / 1_024 - 1, Many / 1_024 + 2);
        Assert.Equal(3, store.KeyCount);
    }

    private enum Kind
    {
        Set,
        SetFor,
        SetKeeping,
        Delete,
        Add,
        Touch,
        PassTime,
        Snapshot,
    }

    /// <summary>Any history, with time going on, does what a dictionary with times does; and so does what was restored from a snapshot in the midst.</summary>
    [Fact]
    public void Any_history_does_what_a_dictionary_with_times_does()
    {
        Gen<(Kind Kind, int Key, int Size, ulong Time)> step = Gen.Select(
            Gen.Frequency(
                (3, Gen.Const(Kind.Set)), (5, Gen.Const(Kind.SetFor)), (2, Gen.Const(Kind.SetKeeping)), (2, Gen.Const(Kind.Delete)), (2, Gen.Const(Kind.Add)),
                (3, Gen.Const(Kind.Touch)), (5, Gen.Const(Kind.PassTime)), (1, Gen.Const(Kind.Snapshot))),
            Gen.Int[0, 8],
            Gen.Frequency((5, Gen.Int[0, 30]), (1, Gen.Int[2_000, 6_000])),
            Gen.ULong[1, 50]);
        step.Array[1, 80].Sample(history =>
        {
            var tested = new KeyValueStore();
            var model = new Dictionary<string, (byte[] Value, ulong Due)>();
            ulong now = 0;
            foreach ((Kind kind, int number, int size, ulong amount) in history)
            {
                string key = number < 4 ? $"{{one}}{number}" : new string('k', number * 200 + 1);
                byte[] bytes = Encoding.ASCII.GetBytes(key);
                bool exists = model.TryGetValue(key, out (byte[] Value, ulong Due) present);
                byte[] value = kind == Kind.Add ? [] : StoreDriver.Value(size, size);
                ApplyResult result = kind switch
                {
                    Kind.Set => tested.Set(bytes, value),
                    Kind.SetFor => tested.Write(CommandKind.Put, bytes, value, new WriteOptions { TtlMilliseconds = amount }),
                    Kind.SetKeeping => tested.Write(CommandKind.Put, bytes, value, new WriteOptions { KeepsTtl = true }),
                    Kind.Delete => tested.Delete(bytes),
                    Kind.Add => tested.Write(CommandKind.Add, bytes, [], new WriteOptions { Counter = new CounterTerms(1), TtlMilliseconds = amount }),
                    Kind.Touch => tested.Write(CommandKind.Touch, bytes, [], new WriteOptions { TtlMilliseconds = amount }),
                    _ => default,
                };
                switch (kind)
                {
                    case Kind.Set: model[key] = (value, 0); break;
                    case Kind.SetFor: model[key] = (value, now + amount); break;
                    case Kind.SetKeeping: model[key] = (value, exists ? present.Due : 0); break;
                    case Kind.Delete: model.Remove(key); break;
                    case Kind.Add when result.Status == ApplyStatus.Done: model[key] = (tested.Get(bytes)!, exists ? present.Due : now + amount); break;
                    case Kind.Touch when exists: model[key] = (present.Value, now + amount); break;
                    case Kind.PassTime:
                        now += amount;
                        tested.Apply(tested.AppliedIndex + 1, Command.EncodeTime(now));
                        foreach (string over in model.Where(pair => pair.Value.Due != 0 && pair.Value.Due <= now).Select(pair => pair.Key).ToList()) model.Remove(over);
                        break;
                    case Kind.Snapshot:
                        SnapshotCapture capture = tested.BeginSnapshot();
                        var restored = new KeyValueStore();
                        restored.Restore(capture.Head, capture.Drain(SnapshotCapture.MinChunkBytes));
                        Assert.Equal(tested.NextDueMilliseconds, restored.NextDueMilliseconds);
                        tested.Dispose();
                        tested = restored;
                        break;
                }

                if (kind < Kind.PassTime) Assert.Equal(kind == Kind.Touch && !exists ? ApplyStatus.KeyNotFound : result.Status, result.Status);
                if (kind < Kind.PassTime) Assert.Equal(exists, result.Existed);
                Assert.Equal(model.Count, tested.KeyCount);
                foreach ((string name, (byte[] expected, ulong due)) in model)
                {
                    Assert.True(tested.TryGet(Encoding.ASCII.GetBytes(name), out ValueRef found), name);
                    Assert.True(found.Bytes.SequenceEqual(expected));
                    Assert.Equal(due != 0, found.Expires);
                    if (due != 0) Assert.Equal(due - now, tested.RemainingMilliseconds(Slot.Of(Encoding.ASCII.GetBytes(name)), found, now));
                }

                ulong next = model.Values.Where(record => record.Due != 0).Select(record => record.Due).DefaultIfEmpty(ulong.MaxValue).Min();
                Assert.Equal(next, tested.NextDueMilliseconds);
            }

            tested.Dispose();
            Assert.Equal(0, tested.NativeBytes);
        }, iter: 300);
    }

    [Fact]
    public void The_longest_keys_expire_in_any_number()
    {
        for (int i = 0; i < 300; i++)
        {
            string key = $"{{a}}{new string('k', StoreLimits.MaxKeyBytes - 9)}{i:000000}";
            Set(key, "v", (ulong)(1 + i * 37 % 300));
        }

        for (ulong now = 1; now <= 300; now++)
        {
            At(now);
            Assert.Equal(300 - (long)now, store.KeyCount);
        }
    }

    private void Set(string key, string value, ulong ttl, ulong at = 0) =>
        store.Apply(
            store.AppliedIndex + 1,
            Stamped(StoreDriver.Encode(CommandKind.Set, Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value), new WriteOptions { TtlMilliseconds = ttl }), at));

    private ApplyResult Touch(string key, ulong ttl) => Write(CommandKind.Touch, key, "", new WriteOptions { TtlMilliseconds = ttl });

    private ApplyResult Write(CommandKind kind, string key, string value, WriteOptions options) =>
        store.Write(kind, Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value), options);

    private void At(ulong time) => store.Apply(store.AppliedIndex + 1, Command.EncodeTime(time));

    private static byte[] Stamped(byte[] command, ulong time)
    {
        Command.StampTime(command, time);
        return command;
    }
}
