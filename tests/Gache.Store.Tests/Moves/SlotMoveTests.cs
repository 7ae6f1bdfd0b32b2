using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>P9: a slot has one owner at a time, ordered by epoch, and a move loses and doubles nothing.</summary>
public sealed class SlotMoveTests
{
    private static readonly DateTimeOffset Then = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_moved_slot_has_at_its_target_what_it_had_at_its_source_though_it_changed_meanwhile()
    {
        using var move = new MoveDriver();
        for (int i = 0; i < 2_000; i++) move.Source.Set(MoveDriver.Key(i), StoreDriver.Value(i % 300, i));
        move.Source.Set(MoveDriver.Key(-1), StoreDriver.Value(100_000, 1));
        Assert.True(move.Leave());
        Assert.True(move.BeginImport(2));
        using SlotExport export = move.Source.BeginExport(MoveDriver.Number);
        ulong chunk = 0;
        for (int i = 0; !export.IsCaughtUp; i++)
        {
            byte[] records = export.Next(4_096);
            if (records.Length > 0) Assert.True(move.Import(2, 1, chunk++, records));
            if (i > 200) continue;
            move.Source.Set(MoveDriver.Key(i * 7 % 2_500), StoreDriver.Value(50, i));
            move.Source.Delete(MoveDriver.Key(i * 13 % 2_500));
        }

        Assert.True(move.Hand(1));
        Assert.True(export.IsCaughtUp);
        Assert.True(move.TakeOver(2));

        Assert.Equal(SlotPhase.Handed, move.Source.PhaseOf(MoveDriver.Number));
        Assert.Equal(SlotPhase.Owned, move.Target.PhaseOf(MoveDriver.Number));
        Assert.Equal(move.Source.SlotChecksum(MoveDriver.Number), move.Target.SlotChecksum(MoveDriver.Number));
        Assert.Equal(move.Source.KeyCountOf(MoveDriver.Number), move.Target.KeyCountOf(MoveDriver.Number));
        Assert.True(move.Target.Revision >= move.Source.Revision);
        for (int i = -1; i < 2_500; i++) Assert.Equal(move.Source.Get(MoveDriver.Key(i)), move.Target.Get(MoveDriver.Key(i)));
    }

    [Fact]
    public void Keys_of_a_slot_that_is_not_served_are_refused_by_apply_and_nothing_changes()
    {
        using var move = new MoveDriver();
        move.Source.Set(MoveDriver.Key(1), "a"u8);
        move.Leave();
        Assert.Equal(ApplyStatus.Done, move.Source.Set(MoveDriver.Key(1), "b"u8).Status); // leaving: still served
        move.Hand(1);
        UInt128 before = move.Source.Checksum;
        ulong revision = move.Source.Revision;

        Assert.Equal(ApplyStatus.NotServed, move.Source.Set(MoveDriver.Key(1), "c"u8).Status);
        Assert.Equal(ApplyStatus.NotServed, move.Source.Put(MoveDriver.Key(2), "c"u8).Status);
        Assert.Equal(ApplyStatus.NotServed, move.Source.Delete(MoveDriver.Key(1)).Status);
        Assert.Equal(ApplyStatus.NotServed, move.Target.Set(MoveDriver.Key(1), "c"u8).Status);
        Assert.Equal((before, revision), (move.Source.Checksum, move.Source.Revision));
    }

    [Fact]
    public void A_slot_is_taken_over_only_if_the_import_equals_what_was_handed()
    {
        using var move = new MoveDriver();
        for (int i = 0; i < 10; i++) move.Source.Set(MoveDriver.Key(i), "x"u8);
        move.Leave();
        move.BeginImport(2);
        using SlotExport export = move.Source.BeginExport(MoveDriver.Number);
        ulong chunk = move.Stream(export, 2, 1, 0);
        move.Source.Set(MoveDriver.Key(3), "late"u8);
        move.Hand(1);

        Assert.False(move.TakeOver(2));
        move.Stream(export, 2, 1, chunk);
        Assert.True(move.TakeOver(2));
        Assert.Equal("late"u8.ToArray(), move.Target.Get(MoveDriver.Key(3)));
    }

    [Fact]
    public void A_later_stream_begins_on_an_empty_import_and_shuts_the_earlier_one_out()
    {
        using var move = new MoveDriver();
        for (int i = 0; i < 300; i++) move.Source.Set(MoveDriver.Key(i), "x"u8);
        move.Leave();
        move.BeginImport(2, stream: 1);
        using SlotExport first = move.Source.BeginExport(MoveDriver.Number);
        byte[] records = first.Next(2_000);
        Assert.True(move.Import(2, 1, 0, records));
        Assert.True(move.Import(2, 1, 0, records)); // sent again: the same answer, and no second effect

        Assert.False(move.BeginImport(2, stream: 2)); // what is there goes first
        Assert.False(MoveDriver.Release(move.Target, 2, stream: 0));
        while (move.Target.KeyCountOf(MoveDriver.Number) > 0) Assert.True(MoveDriver.Release(move.Target, 2, most: 10, stream: 1));
        Assert.False(move.Import(2, 1, 1, first.Next(2_000))); // emptied: this stream is over
        Assert.True(move.BeginImport(2, stream: 2));
        Assert.False(move.BeginImport(2, stream: 1));
        Assert.False(move.Import(2, 1, 0, records));
        using SlotExport second = move.Source.BeginExport(MoveDriver.Number);
        Assert.True(first.HasFailed);
        move.Stream(second, 2, 2, 0);
        move.Hand(1);
        Assert.False(move.TakeOver(2, stream: 1));
        Assert.True(move.TakeOver(2, stream: 2));
    }

    [Fact]
    public void A_move_that_was_given_up_can_never_be_taken_over_at_its_epoch()
    {
        using var move = new MoveDriver();
        move.Source.Set(MoveDriver.Key(1), "a"u8);
        move.Leave();
        move.BeginImport(2);
        using SlotExport export = move.Source.BeginExport(MoveDriver.Number);
        move.Stream(export, 2, 1, 0);
        var keep = new SlotCommand(CommandKind.Keep, MoveDriver.Number, 1);
        Assert.True(MoveDriver.Apply(move.Source, keep.Encode()));

        Assert.False(move.Hand(1));
        Assert.Equal(new SlotState(SlotPhase.Keeping, 3, new SlotTransfer(MoveDriver.TargetShard)), move.Source.SlotAt(MoveDriver.Number));
        Assert.Equal(ApplyStatus.Done, move.Source.Set(MoveDriver.Key(1), "b"u8).Status);
        Assert.True(MoveDriver.Apply(move.Target, new SlotCommand(CommandKind.DropImport, MoveDriver.Number, 3, MoveDriver.SourceShard).Encode()));
        Assert.True(MoveDriver.Release(move.Target, 3));
        Assert.Equal(new SlotState(SlotPhase.Dropped, 3, default), move.Target.SlotAt(MoveDriver.Number));
        Assert.False(move.BeginImport(2, stream: 9));
        Assert.True(MoveDriver.Apply(move.Source, new SlotCommand(CommandKind.EndKeep, MoveDriver.Number, 3).Encode()));

        // The next try, at the next epoch.
        Assert.True(move.Leave());
        Assert.True(move.BeginImport(4));
    }

    [Fact]
    public void A_late_clean_up_cannot_erase_a_slot_that_came_back()
    {
        using var move = new MoveDriver();
        move.Source.Set(MoveDriver.Key(1), "a"u8);
        move.Leave();
        move.BeginImport(2);
        using (SlotExport export = move.Source.BeginExport(MoveDriver.Number)) move.Stream(export, 2, 1, 0);
        move.Hand(1);
        move.TakeOver(2);
        Assert.True(MoveDriver.Release(move.Source, 2));
        Assert.Equal(SlotPhase.None, move.Source.PhaseOf(MoveDriver.Number));

        // And back again.
        ShardId source = MoveDriver.SourceShard, target = MoveDriver.TargetShard;
        Assert.True(MoveDriver.Apply(move.Target, new SlotsCommand(CommandKind.Leave, source, false, SlotSet.Of(MoveDriver.Number, MoveDriver.Number)).Encode()));
        Assert.True(MoveDriver.Apply(move.Source, new SlotCommand(CommandKind.BeginImport, MoveDriver.Number, 3, target, 1).Encode()));
        using (SlotExport export = move.Target.BeginExport(MoveDriver.Number))
            Assert.True(MoveDriver.Apply(move.Source, new SlotCommand(CommandKind.Import, MoveDriver.Number, 3, target, 1).Encode(export.Next(1_000))));
        Assert.True(MoveDriver.Apply(move.Target, new SlotCommand(CommandKind.Hand, MoveDriver.Number, 2, source).Encode()));
        Assert.True(MoveDriver.Apply(move.Source, new SlotCommand(
            CommandKind.TakeOver, MoveDriver.Number, 3, target, 1, move.Target.Revision, move.Target.SlotChecksum(MoveDriver.Number)).Encode()));

        Assert.False(MoveDriver.Release(move.Source, 2));
        Assert.Equal("a"u8.ToArray(), move.Source.Get(MoveDriver.Key(1)));
    }

    [Fact]
    public void A_snapshot_carries_every_phase_of_a_move_and_the_grants()
    {
        using var move = new MoveDriver();
        for (int i = 0; i < 100; i++) move.Source.Set(MoveDriver.Key(i), "x"u8);
        Assert.True(MoveDriver.Apply(move.Target, new SlotCommand(CommandKind.BeginImport, MoveDriver.Number, 2, MoveDriver.SourceShard, 7).Encode()));
        move.Leave();
        using (SlotExport export = move.Source.BeginExport(MoveDriver.Number)) Assert.True(move.Import(2, 7, 0, export.Next(1_000)));
        foreach (KeyValueStore store in new[] { move.Source, move.Target })
        {
            SnapshotCapture capture = store.BeginSnapshot();
            var writer = new ByteWriter();
            capture.Head.WriteTo(writer);
            Assert.Equal(writer.Length, SnapshotHead.LengthOf(writer.Written));
            var reader = new ByteReader(writer.Written);
            SnapshotHead head = SnapshotHead.ReadFrom(ref reader);
            using var other = new KeyValueStore();
            other.Restore(head, capture.Drain());
            Assert.Equal(store.Checksum, other.Checksum);
            Assert.Equal(store.SlotAt(MoveDriver.Number), other.SlotAt(MoveDriver.Number));
            Assert.Equal(store.IsFounding, other.IsFounding);
            Assert.Equal(store.ServedSlots(), other.ServedSlots());
        }
    }

    [Fact]
    public void Slots_are_granted_once_and_the_same_shard_is_told_the_same_again()
    {
        using var founding = new KeyValueStore();
        var own = SlotSet.Of(0, 5_000);
        Assert.True(MoveDriver.Apply(founding, new SlotsCommand(CommandKind.Found, default, true, own).Encode()));
        Assert.False(MoveDriver.Apply(founding, new SlotsCommand(CommandKind.Found, default, true, own).Encode()));
        ShardId b = new(0xB), c = new(0xC), self = new(0xA);

        bool Grant(ShardId shard, SlotSet slots) => MoveDriver.Apply(founding, new SlotsCommand(CommandKind.Grant, shard, false, slots).Encode());

        Assert.True(Grant(b, SlotSet.Of(5_001, 10_000)));
        Assert.True(Grant(b, SlotSet.Of(5_001, 10_000)));
        Assert.False(Grant(b, SlotSet.Of(5_001, 10_001)));
        Assert.False(Grant(c, SlotSet.Of(10_000, 16_383)));
        Assert.False(Grant(c, SlotSet.Of(4_000, 4_001)));
        Assert.Equal(b, founding.HolderOf(SlotSet.Of(10_000, 16_383), c, self));
        Assert.Equal(self, founding.HolderOf(SlotSet.Of(4_000, 4_001), c, self));
        Assert.True(Grant(c, SlotSet.Of(10_001, 16_383)));
    }

    [Fact]
    public void A_recovered_shard_gives_no_revision_and_no_epoch_twice()
    {
        using var store = new KeyValueStore();
        store.Set("a"u8, "1"u8);
        ulong before = store.Revision;
        RecoveryRaise raise = RecoveryRaise.At(Then);
        Assert.True(MoveDriver.Apply(store, RecoverCommand.Encode(raise)));
        Assert.Equal(before + raise.Revisions, store.Revision);
        Assert.True(raise.Revisions > 1ul << 32, $"{raise}");
        Assert.Equal(1 + raise.Epochs, store.SlotAt(0).Epoch);
        Assert.Equal("1"u8.ToArray(), store.Get("a"u8));
    }

    /// <summary>A's recovery gave revisions and epochs, and then A was lost too: B's folder is as old as A's was.</summary>
    [Fact]
    public void Two_recoveries_of_one_shard_from_sibling_folders_give_nothing_twice()
    {
        using var first = new KeyValueStore();
        using var second = new KeyValueStore();
        foreach (KeyValueStore store in new[] { first, second }) store.Set("a"u8, "1"u8);
        MoveDriver.Apply(first, RecoverCommand.Encode(RecoveryRaise.At(Then)));
        for (int i = 0; i < 10_000; i++) first.Set("a"u8, "2"u8); // in one second
        MoveDriver.Apply(second, RecoverCommand.Encode(RecoveryRaise.At(Then.AddSeconds(1))));
        Assert.True(second.Revision > first.Revision, $"{second.Revision} after {first.Revision}");
        Assert.True(second.SlotAt(0).Epoch > first.SlotAt(0).Epoch);
    }

    [Fact]
    public void A_recovered_founding_shard_grants_slots_to_nobody_new()
    {
        using var founding = new KeyValueStore();
        ShardId b = new(2), c = new(3), d = new(4);
        MoveDriver.Apply(founding, new SlotsCommand(CommandKind.Found, default, true, SlotSet.Of(0, 5_000)).Encode());
        Assert.True(Grant(b, SlotSet.Of(5_001, 10_000)));
        MoveDriver.Apply(founding, RecoverCommand.Encode(RecoveryRaise.At(Then))); // the grant to c was lost with the others
        Assert.False(Grant(d, SlotSet.Of(12_000, 12_001)));
        Assert.True(Grant(b, SlotSet.Of(5_001, 10_000))); // said again
        Assert.True(Grant(c, new SlotSet())); // none can be nobody's
        using KeyValueStore loaded = MoveDriver.ThroughSnapshot(founding);
        Assert.True(loaded.AreGrantsClosed);

        bool Grant(ShardId shard, SlotSet slots) => MoveDriver.Apply(founding, new SlotsCommand(CommandKind.Grant, shard, false, slots).Encode());
    }

    [Fact]
    public void A_slot_whose_move_was_given_up_is_dropped_and_was_never_owned()
    {
        using var move = new MoveDriver();
        for (int i = 0; i < 20; i++) move.Source.Set(MoveDriver.Key(i), "x"u8);
        var drop = new SlotCommand(CommandKind.DropImport, MoveDriver.Number, 3, new ShardId(1));

        // Told before anything came: what was begun at an earlier epoch comes too late.
        Assert.True(MoveDriver.Apply(move.Target, drop.Encode()));
        Assert.Equal(new SlotState(SlotPhase.Dropped, 3, default), move.Target.SlotAt(MoveDriver.Number));
        Assert.False(MoveDriver.Apply(move.Target, new SlotCommand(CommandKind.BeginImport, MoveDriver.Number, 2, new ShardId(1), 1).Encode()));
        Assert.False(MoveDriver.Apply(move.Target, drop.Encode())); // said again

        // And later, with something there.
        Assert.True(MoveDriver.Apply(move.Target, new SlotCommand(CommandKind.BeginImport, MoveDriver.Number, 4, new ShardId(1), 2).Encode()));
        byte[] records = move.Source.BeginExport(MoveDriver.Number).Next(100_000);
        Assert.True(MoveDriver.Apply(move.Target, new SlotCommand(CommandKind.Import, MoveDriver.Number, 4, new ShardId(1), 2).Encode(records)));
        Assert.True(MoveDriver.Apply(move.Target, (drop with { Epoch = 5 }).Encode()));
        Assert.Equal(SlotPhase.Cleaning, move.Target.PhaseOf(MoveDriver.Number));
        using KeyValueStore loaded = MoveDriver.ThroughSnapshot(move.Target);
        foreach (KeyValueStore target in new[] { move.Target, loaded })
        {
            while (target.PhaseOf(MoveDriver.Number) == SlotPhase.Cleaning)
                Assert.True(MoveDriver.Apply(target, new SlotCommand(CommandKind.Release, MoveDriver.Number, 5, Number: 7).Encode()));
            Assert.Equal(new SlotState(SlotPhase.Dropped, 5, default), target.SlotAt(MoveDriver.Number));
            Assert.Equal(0, target.KeyCountOf(MoveDriver.Number));
        }
    }

    [Fact]
    public void Records_that_are_none_are_refused_whole()
    {
        using var move = new MoveDriver();
        for (int i = 0; i < 20; i++) move.Source.Set(MoveDriver.Key(i), "x"u8);
        move.Leave();
        move.BeginImport(2);
        byte[] good = move.Source.BeginExport(MoveDriver.Number).Next(100_000);
        Gen.Int[0, good.Length - 1].Select(Gen.Byte[1, 255], Gen.Int[0, good.Length]).Sample((at, flip, length) =>
        {
            byte[] bad = good[..length];
            if (at < bad.Length) bad[at] ^= flip;
            UInt128 before = move.Target.SlotChecksum(MoveDriver.Number);
            ulong next = move.Target.SlotAt(MoveDriver.Number).Transfer.NextChunk;
            if (!move.Import(2, 1, next, bad)) Assert.Equal(before, move.Target.SlotChecksum(MoveDriver.Number));
        }, iter: 500, threads: 1);
    }

    [Theory]
    [InlineData("0-5000", true, "0-5000")]
    [InlineData("5,7-9,6", true, "5-9")]
    [InlineData("none", true, "none")]
    [InlineData("16384", false, "")]
    [InlineData("9-5", false, "")]
    [InlineData("", false, "")]
    [InlineData("1-2-3", false, "")]
    [InlineData("-5", false, "")]
    public void Slots_are_read_as_a_person_writes_them(string text, bool isGood, string again)
    {
        Assert.Equal(isGood, SlotSet.TryParse(text, out SlotSet set));
        if (isGood) Assert.Equal(again, set.ToString());
    }
}
