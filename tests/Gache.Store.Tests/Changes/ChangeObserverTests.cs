using System.Text;
using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>Whoever watches the store is told every change of a key once, in order, and nothing that is none.</summary>
public sealed class ChangeObserverTests : IDisposable
{
    private readonly KeyValueStore store = new();
    private readonly Recorder told = new();

    public ChangeObserverTests() => store.Observe(told);

    public void Dispose() => store.Dispose();

    [Fact]
    public void What_changes_no_key_is_not_told()
    {
        store.Delete("none"u8);
        store.Write(CommandKind.Put, "a"u8, "1"u8, new WriteOptions { Condition = new Condition { MustExist = true } });
        store.Write(CommandKind.Touch, "a"u8, [], new WriteOptions { TtlMilliseconds = 5 });
        store.Set("n"u8, "text"u8);
        store.Write(CommandKind.Add, "n"u8, [], new WriteOptions { Counter = new CounterTerms(1) });
        store.Write(CommandKind.Touch, "n"u8, [], new WriteOptions { TtlMilliseconds = 5 });
        store.Apply(store.AppliedIndex + 1, Command.EncodeTime(4));
        Assert.Equal(["Put n=text @1"], told.Keys);
    }

    [Fact]
    public void A_replaced_state_and_a_changed_slot_are_told_and_a_removed_observer_hears_no_more()
    {
        using var other = new KeyValueStore();
        other.Set("a"u8, "1"u8);
        other.Apply(other.AppliedIndex + 1, new SlotsCommand(CommandKind.Leave, new ShardId(7), false, SlotSet.Of(5, 6)).Encode());
        SnapshotCapture capture = other.BeginSnapshot();
        store.Restore(capture.Head, capture.Drain());
        Assert.Equal(["replaced"], told.Keys);
        Assert.Empty(told.Slots);

        store.Apply(store.AppliedIndex + 1, new SlotsCommand(CommandKind.Leave, new ShardId(7), false, SlotSet.Of(9, 9)).Encode());
        Assert.Equal([(9, SlotPhase.Owned, SlotPhase.Leaving)], told.Slots);

        store.StopObserving(told);
        store.Set("b"u8, "1"u8);
        store.Apply(store.AppliedIndex + 1, new SlotsCommand(CommandKind.Leave, new ShardId(7), false, SlotSet.Of(10, 10)).Encode());
        Assert.Single(told.Keys);
        Assert.Single(told.Slots);
    }

    private enum Kind
    {
        Set,
        Put,
        SetFor,
        Delete,
        Add,
        Touch,
        PassTime,
    }

    /// <summary>Whoever carries out what was told has what the store has; and no revision is told twice or left out.</summary>
    [Fact]
    public void What_is_told_of_any_history_makes_the_same_state()
    {
        Gen.Select(Gen.Enum<Kind>(), Gen.Int[0, 6], Gen.Int[0, 3_000], Gen.ULong[1, 40]).Array[1, 60].Sample(history =>
        {
            using var tested = new KeyValueStore();
            var copy = new Copy();
            tested.Observe(copy);
            ulong now = 0;
            foreach ((Kind kind, int number, int size, ulong amount) in history)
            {
                byte[] key = Encoding.ASCII.GetBytes($"k{number}");
                byte[] value = StoreDriver.Value(size, size);
                switch (kind)
                {
                    case Kind.Set: tested.Set(key, value); break;
                    case Kind.Put: tested.Put(key, value); break;
                    case Kind.SetFor: tested.Write(CommandKind.Set, key, value, new WriteOptions { TtlMilliseconds = amount }); break;
                    case Kind.Delete: tested.Delete(key); break;
                    case Kind.Add: tested.Write(CommandKind.Add, key, [], new WriteOptions { Counter = new CounterTerms(1), TtlMilliseconds = amount }); break;
                    case Kind.Touch: tested.Write(CommandKind.Touch, key, [], new WriteOptions { TtlMilliseconds = amount }); break;
                    case Kind.PassTime: tested.Apply(tested.AppliedIndex + 1, Command.EncodeTime(now += amount)); break;
                }
            }

            Assert.Equal(tested.Revision, copy.Revision);
            Assert.Equal(tested.KeyCount, copy.Values.Count);
            foreach ((string key, (byte[] value, ulong revision)) in copy.Values)
            {
                Assert.True(tested.TryGet(Encoding.ASCII.GetBytes(key), out ValueRef found) || tested.NextDueMilliseconds <= now, key);
                Assert.Equal(value, tested.Get(Encoding.ASCII.GetBytes(key)) ?? value);
                if (tested.Get(Encoding.ASCII.GetBytes(key)) is not null) Assert.Equal(revision, found.Revision);
            }
        });
    }

    private sealed class Copy : IChangeObserver
    {
        public Dictionary<string, (byte[] Value, ulong Revision)> Values { get; } = [];

        public ulong Revision { get; private set; }

        public void KeyChanged(in KeyChange change)
        {
            Assert.Equal(Revision + 1, change.Revision);
            Assert.Equal(Slot.Of(change.Key), change.Slot);
            Revision = change.Revision;
            string key = Encoding.ASCII.GetString(change.Key);
            if (change.Kind == KeyChangeKind.Put) Values[key] = (change.Value.ToArray(), change.Revision);
            else Assert.True(Values.Remove(key));
        }
    }

    private sealed class Recorder : IChangeObserver
    {
        public List<string> Keys { get; } = [];

        public List<(int Slot, SlotPhase Before, SlotPhase After)> Slots { get; } = [];

        public void KeyChanged(in KeyChange change) =>
            Keys.Add($"{change.Kind} {Encoding.UTF8.GetString(change.Key)}={Encoding.UTF8.GetString(change.Value)} @{change.Revision}");

        public void SlotChanged(int slot, in SlotState before, in SlotState after) => Slots.Add((slot, before.Phase, after.Phase));

        public void StateReplaced() => Keys.Add("replaced");
    }
}
