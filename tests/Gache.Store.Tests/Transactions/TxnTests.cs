using System.Text;
using CsCheck;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>http-api: POST /txn, as apply does it.</summary>
public sealed class TxnTests : IDisposable
{
    private readonly KeyValueStore store = new();

    public void Dispose() => store.Dispose();

    [Fact]
    public void A_transaction_is_carried_out_whole_or_not_at_all_as_a_copy_of_the_state_would() =>
        Gen.Select(Transactions.Array[1, 12], Gen.Bool).Sample((all, isKeyed) =>
        {
            using var own = new KeyValueStore();
            var model = new Dictionary<string, (ulong Revision, string Value)>();
            ulong revision = 0;
            for (int i = 0; i < all.Length; i++)
            {
                TxnCommand txn = isKeyed ? all[i] with { IdempotencyKey = Bytes($"name{i}") } : all[i];
                (string expected, Dictionary<string, (ulong, string)> after, ulong then) = Expect(model, revision, txn);
                byte[] command = txn.Encode();
                string came = Describe(own.Apply(own.AppliedIndex + 1, command));
                Assert.Equal(expected, came);
                (model, revision) = (after, then);
                if (isKeyed) Assert.Equal(expected, Describe(own.Apply(own.AppliedIndex + 1, command))); // a repeat
                Assert.Equal(revision, own.Revision);
                Assert.Equal(model.Count, own.KeyCount);
                foreach ((string key, (ulong at, string value)) in model)
                {
                    Assert.True(own.TryGet(Bytes(key), out ValueRef found));
                    Assert.Equal((at, value), (found.Revision, Encoding.UTF8.GetString(found.Bytes)));
                }
            }
        });

    [Fact]
    public void A_transaction_is_read_as_it_was_written_and_cut_off_nowhere() => Transactions.Sample(txn =>
    {
        byte[] command = txn.Encode();
        Assert.True(Command.IsOfClient(command));
        Assert.Equal(Slot.Of("{t}a"u8), Command.SlotOf(command));
        for (int length = 0; length < command.Length; length++) Assert.False(Command.IsOfClient(command.AsSpan(0, length)));
        Assert.False(Command.IsOfClient([.. command, 0]));
    });

    [Fact]
    public void Keys_of_two_slots_or_too_many_operations_are_not_encoded()
    {
        TxnOperation[] two = [Set("{a}1", "x"), Set("{b}1", "x")];
        Assert.Null(new TxnCommand([], two, []).Slot);
        Assert.Throws<InvalidOperationException>(() => new TxnCommand([], two, []).Encode());
        TxnOperation[] many = [.. Enumerable.Repeat(Set("{t}a", "x"), TxnCommand.MaxOperations + 1)];
        Assert.Throws<InvalidOperationException>(() => new TxnCommand([], many, []).Encode());
        Assert.Throws<InvalidOperationException>(() => new TxnCommand([], many[1..], many[..1]).Encode());
        Assert.True(Command.IsOfClient(new TxnCommand([], many[1..], []).Encode()));
        var large = Set("{t}a", "") with { Value = new byte[TxnCommand.MaxBytes / 2] };
        Assert.Throws<InvalidOperationException>(() => new TxnCommand([], [large, large, Set("{t}a", "") with { Value = new byte[32 * 1024] }], []).Encode());
    }

    [Fact]
    public void A_key_of_another_slot_in_the_bytes_is_no_transaction()
    {
        byte[] command = new TxnCommand([], [Set("{t}a", "x")], []).Encode();
        command[^1] = (byte)'y';
        Assert.True(Command.IsOfClient(command)); // only the value differs
        command[command.AsSpan().IndexOf("{t}"u8) + 1] = (byte)'u';
        Assert.False(Command.IsOfClient(command));
    }

    [Fact]
    public void One_operation_that_fails_leaves_everything_as_it_was()
    {
        Apply(new TxnCommand([], [Set("{t}a", "5"), Set("{t}b", "word")], []));
        UInt128 before = store.Checksum;
        ApplyResult declined = Apply(new TxnCommand([], [Set("{t}c", "x"), Delete("{t}a"), Add("{t}b", 1)], []));
        Assert.Equal((ApplyStatus.NotANumber, 2), (declined.Status, declined.Number));
        declined = Apply(new TxnCommand([], [Add("{t}a", -3, min: 0), Add("{t}a", -3, min: 0)], []));
        Assert.Equal((ApplyStatus.OutOfRange, 1), (declined.Status, declined.Number));
        Assert.Equal(before, store.Checksum);
    }

    [Fact]
    public void What_is_read_is_bounded_and_too_much_of_it_changes_nothing()
    {
        byte[] large = new byte[TxnCommand.MaxAnswerBytes / 2];
        store.Set("{t}a"u8, large);
        ApplyResult one = Apply(new TxnCommand([], [Get("{t}a")], []));
        Assert.Equal(large, TxnAnswer.Parse(one.Body)!.Results[0].Value.ToArray());
        UInt128 before = store.Checksum;
        ApplyResult two = Apply(new TxnCommand([], [Set("{t}b", "x"), Get("{t}a"), Get("{t}a")], []));
        Assert.Equal((ApplyStatus.AnswerTooLarge, 2), (two.Status, two.Number));
        Assert.Equal(before, store.Checksum);
    }

    [Fact]
    public void A_repeat_gets_the_first_answer_with_all_that_was_read_also_after_a_snapshot()
    {
        byte[] large = StoreDriver.Value(2_000_000, 1);
        store.Set("{t}a"u8, large);
        byte[] command = new TxnCommand([], [Get("{t}a"), Add("{t}n", 1)], [], Bytes("k")).Encode();
        ApplyResult first = store.Apply(store.AppliedIndex + 1, command);
        store.Delete("{t}a"u8);

        SnapshotCapture capture = store.BeginSnapshot();
        using var other = new KeyValueStore();
        List<byte[]> chunks = capture.Drain();
        other.Restore(capture.Head, chunks);
        foreach (KeyValueStore each in (KeyValueStore[])[store, other])
        {
            ApplyResult again = each.Apply(each.AppliedIndex + 1, command);
            Assert.Equal(first.Body, again.Body);
            Assert.Equal("1"u8.ToArray(), each.Get("{t}n"u8));
            Assert.True(each.Remembers(command));
            Assert.Equal(ApplyStatus.IdempotencyKeyReused, each.Apply(each.AppliedIndex + 1, new TxnCommand([], [Add("{t}n", 2)], [], Bytes("k")).Encode()).Status);
        }

        Assert.Equal(store.Checksum, other.Checksum);
    }

    [Fact]
    public void The_same_idempotency_key_on_a_key_and_on_its_slot_are_two()
    {
        Apply(new TxnCommand([], [Add("{t}n", 1)], [], Bytes("k")));
        store.Write(CommandKind.Add, "{t}n"u8, [], new WriteOptions { Counter = new CounterTerms(1), IdempotencyKey = Bytes("k") });
        Assert.Equal("2"u8.ToArray(), store.Get("{t}n"u8));
    }

    [Fact]
    public void What_is_over_does_not_exist_for_a_transaction_and_times_are_kept_as_asked()
    {
        Apply(new TxnCommand([], [Set("{t}a", "1") with { TtlMilliseconds = 1_000 }, Add("{t}n", 1) with { TtlMilliseconds = 5_000 }], []), at: 10);
        TxnAnswer answer = Answer(Apply(new TxnCommand([new TxnCompare(Bytes("{t}a"), null)], [Set("{t}a", "2") with { KeepsTtl = true }], []), at: 500));
        Assert.True(answer.Succeeded);
        answer = Answer(Apply(new TxnCommand([new TxnCompare(Bytes("{t}a"), null, Exists: false)], [Get("{t}a"), Add("{t}n", 1)], []), at: 1_010));
        Assert.True(answer.Succeeded);
        Assert.False(answer.Results[0].Existed);
        Apply(new TxnCommand([], [Get("{t}n")], []), at: 5_010);
        Assert.Null(store.Get("{t}n"u8));
        Assert.Equal(0, store.KeyCount);
    }

    [Fact]
    public void Who_watches_the_store_is_told_each_operation_that_changes_a_key_in_order()
    {
        var told = new Told();
        store.Observe(told);
        Apply(new TxnCommand([], [Set("{t}a", "1"), Add("{t}a", 4), Get("{t}a"), Delete("{t}none"), Delete("{t}a")], []));
        Apply(new TxnCommand([], [Set("{t}b", "1"), Add("{t}b", 1, min: 9)], []));
        store.Set("{t}c"u8, "x"u8);
        store.Apply(store.AppliedIndex + 1, new DeleteRangeCommand(Bytes("{t}"), ScanPosition.Start, Slot.Count - 1, 10, 10).Encode());
        Assert.Equal(["Put {t}a=1 @1", "Put {t}a=5 @2", "Delete {t}a= @3", "Put {t}c=x @4", "Delete {t}c= @5"], told.Changes);
    }

    private sealed class Told : IChangeObserver
    {
        public List<string> Changes { get; } = [];

        public void KeyChanged(in KeyChange change) =>
            Changes.Add($"{change.Kind} {Encoding.UTF8.GetString(change.Key)}={Encoding.UTF8.GetString(change.Value)} @{change.Revision}");
    }

    [Fact]
    public void A_slot_that_is_not_served_refuses_and_changes_nothing()
    {
        store.Apply(1, new SlotsCommand(CommandKind.Found, default, true, SlotSet.Of(0, 0)).Encode());
        Assert.Equal(ApplyStatus.NotServed, Apply(new TxnCommand([], [Set("{t}a", "x")], [])).Status);
        Assert.Equal(0, store.KeyCount);
    }

    [Fact]
    public void Only_what_may_grow_the_state_needs_space()
    {
        Assert.True(Command.NeedsSpace(new TxnCommand([], [Delete("{t}a")], [Set("{t}a", "x")]).Encode()));
        Assert.False(Command.NeedsSpace(new TxnCommand([new TxnCompare(Bytes("{t}a"), 3)], [Delete("{t}a"), Get("{t}b")], []).Encode()));
        Assert.True(Command.IsKeyed(new TxnCommand([], [Delete("{t}a")], [], Bytes("k")).Encode()));
        Assert.False(Command.IsKeyed(new TxnCommand([], [Delete("{t}a")], []).Encode()));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static TxnOperation Set(string key, string value) => new(TxnOperationKind.Set, Bytes(key), Bytes(value));

    private static TxnOperation Delete(string key) => new(TxnOperationKind.Delete, Bytes(key));

    private static TxnOperation Get(string key) => new(TxnOperationKind.Get, Bytes(key));

    private static TxnOperation Add(string key, long delta, long min = long.MinValue) => new(TxnOperationKind.Add, Bytes(key), default, new CounterTerms(delta, min));

    private static TxnAnswer Answer(ApplyResult result) => TxnAnswer.Parse(result.Body)!;

    private ApplyResult Apply(TxnCommand txn, ulong at = 0)
    {
        byte[] command = txn.Encode();
        Command.StampTime(command, at);
        return store.Apply(store.AppliedIndex + 1, command);
    }

    private static readonly Gen<string> Keys = Gen.Int[0, 2].Select(i => $"{{t}}{(char)('a' + i)}");

    private static readonly Gen<TxnOperation> Operations = Gen.Select(Gen.Int[0, 4], Keys, Gen.Int[-3, 3]).Select((what, key, n) => what switch
    {
        0 => Set(key, "word"),
        1 => Set(key, $"{n}"),
        2 => Delete(key),
        3 => Add(key, n, min: -2),
        _ => Get(key),
    });

    private static readonly Gen<TxnCommand> Transactions = Gen.Select(
        Gen.Select(Gen.Int[0, 2], Keys, Gen.ULong[0, 8]).Select((what, key, n) => new TxnCompare(Bytes(key), what == 0 ? n : null, what == 1)).Array[0, 2],
        Operations.Array[1, 6],
        Operations.Array[0, 4]).Select((compare, then, otherwise) => new TxnCommand(compare, then, otherwise));

    private static string Describe(ApplyResult result) => result.Status != ApplyStatus.Done
        ? $"{result.Status} at {result.Number}"
        : Answer(result) is var answer ? $"{answer.Succeeded}: {string.Join(", ", answer.Results.Select(one => Describe(one.Kind, one.Existed, one.Revision, one.Number, Encoding.UTF8.GetString(one.Value.Span))))}" : "";

    private static string Describe(TxnOperationKind kind, bool existed, ulong revision, long number, string value) => $"{kind} {existed} {revision} {number} {value}";

    /// <summary>The contract's words, on a copy that is kept if nothing fails.</summary>
    private static (string Answer, Dictionary<string, (ulong Revision, string Value)> After, ulong Revision) Expect(
        Dictionary<string, (ulong Revision, string Value)> before, ulong revision, TxnCommand txn)
    {
        var state = new Dictionary<string, (ulong Revision, string Value)>(before);
        ulong at = revision;
        bool succeeded = txn.Compare.All(one => before.TryGetValue(Encoding.UTF8.GetString(one.Key.Span), out (ulong Revision, string) now)
            ? one.Revision is { } wanted ? wanted == now.Revision : one.Exists
            : one.Revision is null && !one.Exists);
        var said = new List<string>();
        foreach ((TxnOperation one, int i) in (succeeded ? txn.Then : txn.Else).Select((one, i) => (one, i)))
        {
            string key = Encoding.UTF8.GetString(one.Key.Span);
            bool exists = state.TryGetValue(key, out (ulong Revision, string Value) now);
            switch (one.Kind)
            {
                case TxnOperationKind.Set:
                    state[key] = (++at, Encoding.UTF8.GetString(one.Value.Span));
                    said.Add(Describe(one.Kind, exists, at, 0, ""));
                    break;
                case TxnOperationKind.Delete:
                    if (state.Remove(key)) at++;
                    said.Add(Describe(one.Kind, exists, exists ? at : 0, 0, ""));
                    break;
                case TxnOperationKind.Add:
                    long sum = 0;
                    if (exists && !long.TryParse(now.Value, out sum)) return ($"{ApplyStatus.NotANumber} at {i}", before, revision);
                    sum += one.Counter.Delta;
                    if (sum < one.Counter.Min) return ($"{ApplyStatus.OutOfRange} at {i}", before, revision);
                    state[key] = (++at, $"{sum}");
                    said.Add(Describe(one.Kind, exists, at, sum, ""));
                    break;
                default:
                    said.Add(Describe(one.Kind, exists, exists ? now.Revision : 0, 0, exists ? now.Value : ""));
                    break;
            }
        }

        return ($"{succeeded}: {string.Join(", ", said)}", state, at);
    }
}
