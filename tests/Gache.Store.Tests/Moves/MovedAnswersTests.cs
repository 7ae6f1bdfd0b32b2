using System.Text;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>Answers that are kept for repeats move with their slot, and its time with them.</summary>
public sealed class MovedAnswersTests : IDisposable
{
    private const ulong TenMinutes = 10 * 60 * 1_000;

    private readonly MoveDriver move = new();

    public void Dispose() => move.Dispose();

    [Theory]
    [InlineData(0ul, 5_000_000ul)]
    [InlineData(5_000_000ul, 0ul)]
    [InlineData(700_000ul, 900_000ul)]
    public void A_repeat_after_a_move_gets_the_first_answer_for_what_was_left_of_ten_minutes(ulong sourceTime, ulong targetTime)
    {
        At(move.Source, sourceTime);
        At(move.Target, targetTime);
        byte[] add = Add("name");
        ApplyResult first = Apply(move.Source, add, sourceTime);
        At(move.Source, sourceTime + TenMinutes - 50_000);
        Assert.True(move.Leave());
        Assert.True(move.BeginImport(2));
        using (SlotExport export = move.Source.BeginExport(MoveDriver.Number))
        {
            ulong chunk = move.Stream(export, 2, 1, 0);
            Apply(move.Source, Add("during"), 0); // while it is on its way
            move.Stream(export, 2, 1, chunk);
        }

        Assert.True(move.Hand(1));
        At(move.Source, sourceTime + 100 * TenMinutes); // handed: its time stands still
        At(move.Target, targetTime + 100 * TenMinutes); // and is the source's until it is owned
        Assert.True(move.TakeOver(2));

        Assert.Equal(first, Apply(move.Target, add, 0));
        Assert.Equal(2, move.Target.IdempotencyCount);
        At(move.Target, targetTime + 100 * TenMinutes + 50_000);
        Assert.Equal(first, Apply(move.Target, add, 0));
        At(move.Target, targetTime + 100 * TenMinutes + 50_000 + 100_000);
        Assert.NotEqual(first, Apply(move.Target, add, 0));

        Assert.True(MoveDriver.Release(move.Source, 2));
        Assert.Equal(0, move.Source.RecordCountOf(MoveDriver.Number));
        Assert.Equal(SlotPhase.None, move.Source.PhaseOf(MoveDriver.Number));
        Assert.Equal(ulong.MaxValue, move.Source.NextDueMilliseconds);
    }

    [Fact]
    public void A_handed_slot_forgets_nothing_so_that_both_ends_hold_the_same()
    {
        Apply(move.Source, Add("name"), 0);
        Assert.True(move.Leave());
        Assert.True(move.BeginImport(2));
        using SlotExport export = move.Source.BeginExport(MoveDriver.Number);
        move.Stream(export, 2, 1, 0);
        Assert.True(move.Hand(1));
        At(move.Source, 10 * TenMinutes);
        At(move.Target, 10 * TenMinutes);
        Assert.Equal(1, move.Source.IdempotencyCount);
        Assert.Equal(1, move.Target.IdempotencyCount);
        Assert.True(move.TakeOver(2));
        Assert.Equal(1, move.Target.IdempotencyCount);
    }

    [Fact]
    public void Forgetting_while_a_slot_is_on_its_way_is_sent_as_well()
    {
        Apply(move.Source, Add("old"), 0);
        At(move.Source, TenMinutes);
        Apply(move.Source, Add("new"), 0);
        Assert.True(move.Leave());
        Assert.True(move.BeginImport(2));
        using SlotExport export = move.Source.BeginExport(MoveDriver.Number);
        ulong chunk = move.Stream(export, 2, 1, 0);
        At(move.Source, TenMinutes + 100_000);
        Assert.Equal(1, move.Source.IdempotencyCount);
        move.Stream(export, 2, 1, chunk);
        Assert.True(move.Hand(1));
        Assert.True(move.TakeOver(2));
        Assert.Equal(1, move.Target.IdempotencyCount);
    }

    [Fact]
    public void A_slots_own_time_is_in_the_snapshot_and_in_the_checksum()
    {
        At(move.Source, 1_000);
        byte[] add = Add("name");
        ApplyResult first = Apply(move.Source, add, 0);
        Assert.True(move.Leave());
        Assert.True(move.BeginImport(2));
        using (SlotExport export = move.Source.BeginExport(MoveDriver.Number)) move.Stream(export, 2, 1, 0);
        UInt128 before = move.Source.Checksum;
        Assert.True(move.Hand(1));
        Assert.NotEqual(before, move.Source.Checksum);
        At(move.Target, 10_000);
        Assert.True(move.TakeOver(2));

        using var restored = new KeyValueStore();
        SnapshotCapture capture = move.Target.BeginSnapshot();
        restored.Restore(capture.Head, capture.Drain());
        Assert.Equal(move.Target.SlotTime(MoveDriver.Number), restored.SlotTime(MoveDriver.Number));
        Assert.Equal(1_000ul, restored.SlotTime(MoveDriver.Number));
        Assert.Equal(move.Target.NextDueMilliseconds, restored.NextDueMilliseconds);
        Assert.Equal(first, Apply(restored, add, 0));

        capture = move.Source.BeginSnapshot();
        restored.Restore(capture.Head, capture.Drain());
        Assert.Equal(1_000ul, restored.SlotTime(MoveDriver.Number));
    }

    private static byte[] Add(string name) => IdempotencyTests.Keyed(CommandKind.Add, Encoding.ASCII.GetString(MoveDriver.Key(1)), "", name, new CounterTerms(1));

    private static void At(KeyValueStore store, ulong time) => store.Apply(store.AppliedIndex + 1, Command.EncodeTime(time));

    private static ApplyResult Apply(KeyValueStore store, byte[] command, ulong at)
    {
        byte[] stamped = [.. command];
        Command.StampTime(stamped, at);
        return store.Apply(store.AppliedIndex + 1, stamped);
    }
}
