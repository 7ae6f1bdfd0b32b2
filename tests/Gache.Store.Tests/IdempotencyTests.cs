using System.Text;
using CsCheck;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>http-api: Idempotency-Key, as apply does it.</summary>
public sealed class IdempotencyTests : IDisposable
{
    private const ulong TenMinutes = 10 * 60 * 1_000;
    private const ulong ForgottenAfter = TenMinutes + 100_000;

    private readonly KeyValueStore store = new();

    public void Dispose() => store.Dispose();

    [Fact]
    public void A_repeat_gets_the_first_answer_and_changes_nothing()
    {
        byte[] add = Keyed(CommandKind.Add, "c", "", "k1", new CounterTerms(5));
        ApplyResult first = Apply(add, at: 1_000);
        Apply(Keyed(CommandKind.Add, "c", "", "k2", new CounterTerms(1)), at: 2_000);
        UInt128 before = store.Checksum;

        Assert.Equal(new ApplyResult(ApplyStatus.Done, 1, false, 5), first);
        Assert.Equal(first, Apply(add, at: 1_000 + TenMinutes));
        Assert.Equal("6"u8.ToArray(), store.Get("c"u8));
        Assert.Equal(before, store.Checksum);
        Assert.Equal(2, store.IdempotencyCount);
        Assert.Equal(1, store.KeyCount);
    }

    [Fact]
    public void A_key_has_the_scope_of_the_stores_key()
    {
        Assert.Equal(1ul, Apply(Keyed(CommandKind.Set, "a", "1", "k")).Revision);
        Assert.Equal(2ul, Apply(Keyed(CommandKind.Set, "b", "1", "k")).Revision);
        Assert.Equal(3ul, Apply(Keyed(CommandKind.Set, "ab", "1", "k")).Revision);
        Assert.Equal(4ul, Apply(Keyed(CommandKind.Set, "a", "1", "bk")).Revision);
        Assert.Equal(1ul, Apply(Keyed(CommandKind.Set, "a", "1", "k")).Revision);
    }

    [Fact]
    public void Another_method_condition_bound_or_body_is_not_the_same_command()
    {
        byte[] first = Keyed(CommandKind.Set, "a", "1", "k");
        Apply(first);
        UInt128 before = store.Checksum;
        foreach (byte[] other in (byte[][])[
            Keyed(CommandKind.Set, "a", "2", "k"),
            Keyed(CommandKind.Put, "a", "1", "k"),
            Keyed(CommandKind.Delete, "a", "", "k"),
            Keyed(CommandKind.Add, "a", "", "k", new CounterTerms(1)),
            Keyed(CommandKind.Set, "a", "1", "k", condition: new Condition { MustExist = true })])
            Assert.Equal(ApplyStatus.IdempotencyKeyReused, Apply(other).Status);

        Assert.Equal(before, store.Checksum);
        Assert.Equal(1ul, Apply(first).Revision);
        Apply(Keyed(CommandKind.Add, "c", "", "k", new CounterTerms(1)));
        Assert.Equal(ApplyStatus.IdempotencyKeyReused, Apply(Keyed(CommandKind.Add, "c", "", "k", new CounterTerms(1, Max: 9))).Status);
    }

    [Fact]
    public void An_answer_that_changed_nothing_is_kept_as_well()
    {
        byte[] create = Keyed(CommandKind.Put, "a", "2", "k", condition: new Condition { MustNotExist = true });
        store.Set("a"u8, "x"u8);
        Assert.Equal(new ApplyResult(ApplyStatus.ConditionFailed, 1, true), Apply(create));
        store.Delete("a"u8);
        Assert.Equal(new ApplyResult(ApplyStatus.ConditionFailed, 1, true), Apply(create)); // though it would hold now
        Assert.Null(store.Get("a"u8));
    }

    [Fact]
    public void Answers_are_forgotten_by_store_time_alone_never_early_and_then_all()
    {
        byte[][] all = [.. Enumerable.Range(0, 200).Select(i => Keyed(CommandKind.Set, $"k{i}", "v", "name"))];
        for (int i = 0; i < all.Length; i++) Apply(all[i], at: 1_000ul * (ulong)i);
        for (int i = 0; i < all.Length; i++)
        {
            ulong end = 1_000ul * (ulong)i + TenMinutes;
            Assert.Equal((ulong)i + 1, Apply(all[i], at: end).Revision);
        }

        Assert.NotEqual(ulong.MaxValue, store.NextDueMilliseconds);
        Apply(Command.EncodeTime(0), at: 200_000 + ForgottenAfter);
        Assert.Equal(0, store.IdempotencyCount);
        Assert.Equal(ulong.MaxValue, store.NextDueMilliseconds);
        Assert.Equal(201ul, Apply(all[7]).Revision);
    }

    [Fact]
    public void One_entry_forgets_a_bounded_number_and_what_it_leaves_is_over_nevertheless()
    {
        byte[] first = Keyed(CommandKind.Set, "{a}0", "v", "name");
        Apply(first, at: 0);
        for (int i = 1; i < 5_000; i++) Apply(Keyed(CommandKind.Set, $"{{a}}{i}", "v", "name"), at: 0);
        long revision = (long)store.Revision;
        Apply(Command.EncodeDelete("none"u8), at: ForgottenAfter);
        Assert.InRange(store.IdempotencyCount, 4_980, 4_999);
        Assert.Equal((ulong)revision + 1, Apply(Keyed(CommandKind.Set, "{a}4999", "v", "name")).Revision);

        int entries = 0;
        for (; store.IdempotencyCount > 1; entries++) Apply(Command.EncodeTime(0));
        Assert.InRange(entries, 4, 6);
        Assert.Equal(5_000, store.KeyCount);
    }

    [Fact]
    public void Answers_are_in_the_snapshot()
    {
        for (int i = 0; i < 3_000; i++) Apply(Keyed(CommandKind.Add, $"c{i % 40}", "", $"k{i}", new CounterTerms(i)), at: 300ul * (ulong)i);
        byte[] kept = Keyed(CommandKind.Add, "c1", "", "k2961", new CounterTerms(2_961));
        ApplyResult before = Apply(kept);
        SnapshotCapture capture = store.BeginSnapshot();
        List<byte[]> chunks = [];
        byte[] buffer = new byte[SnapshotCapture.MinChunkBytes];
        for (int i = 0; !capture.IsComplete; i++)
        {
            // They come and go while it is taken.
            Apply(Keyed(CommandKind.Add, $"c{i % 40}", "", $"later{i}", new CounterTerms(i)), at: 300ul * 3_000 + 50ul * (ulong)i);
            int length = capture.Fill(buffer);
            if (length > 0) chunks.Add(buffer[..length]);
        }

        using var restored = new KeyValueStore();
        restored.Restore(capture.Head, chunks);
        Assert.Equal(capture.Head.Checksum, restored.Checksum);
        Assert.Equal(before, restored.Apply(restored.AppliedIndex + 1, kept));
        Assert.NotEqual(ulong.MaxValue, restored.NextDueMilliseconds);
    }

    [Fact]
    public void A_record_takes_few_bytes()
    {
        for (int i = 0; i < 20_000; i++) Apply(Keyed(CommandKind.Set, "{a}", "v", $"key number {i} of a client that likes long names"));
        double bytes = (store.Bytes - SlotTable.EmptyBytes) / 20_000.0;
        Assert.InRange(bytes, 40, 90);
    }

    /// <summary>Any history of keyed and other writes, with time going on, does what a dictionary of first answers does.</summary>
    [Fact]
    public void Any_history_does_what_a_dictionary_of_first_answers_does()
    {
        Gen<(int Kind, int Key, int Name, int Delta, ulong Time)> step =
            Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[0, 6], Gen.Int[0, 1], Gen.ULong[0, 250_000]);
        step.Array[1, 60].Sample(history =>
        {
            using var tested = new KeyValueStore();
            var answers = new Dictionary<(int, int), (ulong Time, (int, int) Asked, ApplyResult Answer)>();
            ulong now = 0;
            foreach ((int kind, int key, int name, int delta, ulong passed) in history)
            {
                now += passed;
                byte[] command = kind == 3
                    ? Keyed(CommandKind.Delete, $"c{key}", "", $"n{name}")
                    : Keyed(CommandKind.Add, $"c{key}", "", $"n{name}", new CounterTerms(delta));
                (int, int) asked = (kind == 3 ? 1 : 0, kind == 3 ? 0 : delta);
                Command.StampTime(command, now);
                ulong revision = tested.Revision;
                ApplyResult answer = tested.Apply(tested.AppliedIndex + 1, command);

                bool wasAsked = answers.TryGetValue((key, name), out var first);
                bool isSame = wasAsked && answer == first.Answer && tested.Revision == revision;
                bool isReused = answer.Status == ApplyStatus.IdempotencyKeyReused && tested.Revision == revision;
                if (wasAsked && now <= first.Time + TenMinutes) Assert.True(asked == first.Asked ? isSame : isReused);
                else if (wasAsked && now < first.Time + ForgottenAfter && (isSame || isReused)) continue; // between, either is right
                else answers[(key, name)] = (now, asked, answer);
            }
        }, iter: 500);
    }

    internal static byte[] Keyed(
        CommandKind kind, string key, string value, string idempotencyKey, CounterTerms? counter = null, Condition? condition = null) => StoreDriver.Encode(
            kind,
            Encoding.ASCII.GetBytes(key),
            Encoding.ASCII.GetBytes(value),
            new WriteOptions { Counter = counter, Condition = condition, IdempotencyKey = Encoding.ASCII.GetBytes(idempotencyKey) });

    private ApplyResult Apply(byte[] command, ulong at = 0)
    {
        byte[] stamped = [.. command];
        Command.StampTime(stamped, at);
        return store.Apply(store.AppliedIndex + 1, stamped);
    }
}
