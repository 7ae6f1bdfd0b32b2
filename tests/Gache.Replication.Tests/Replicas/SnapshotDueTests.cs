using System.Text;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>Snapshots are taken at fixed indexes; where few entries come, the leader leads to the next one whenever a member may wait for it.</summary>
public sealed class SnapshotDueTests
{
    private const int ValueBytes = 7_000;
    private const int SnapshotAfterBytes = 256 << 10;

    private static readonly ReplicaOptions Sizes = Room.ReplicaSizes with { SnapshotAfterBytes = SnapshotAfterBytes, ChecksumEvery = 128 };

    private static readonly ReplicaOptions TakesNone = Room.ReplicaSizes with { SnapshotAfterBytes = long.MaxValue / 4 };

    /// <summary>There is always a write under way when a tick is looked at, as under full load.</summary>
    [Fact]
    public void It_is_led_to_also_where_the_disk_never_rests()
    {
        using Room room = Room.OfVoters(1);
        Seat leader = Restart(room, room.Leader);
        ulong before = leader.Core.SnapshotIndex;
        leader.HoldsLog = true;
        var answers = new List<Task<WriteAnswer>>();
        for (int n = 0; n < 60; n++)
        {
            answers.Add(leader.Replica.WriteAsync(Command.EncodeSet(Encoding.UTF8.GetBytes($"k{n % 4}"), new byte[ValueBytes])).AsTask());
            if (n == 0) continue; // so that one is always there to follow

            // It is proposed in the step that hears of the sync of the one before, and under way while time passes.
            (leader.HoldsLog, leader.WritesUntilHeld) = (false, 1);
            room.Settle();
            Assert.True(leader.Core.IsWriting);
            room.Tick(10);
        }

        Assert.True(leader.Core.SnapshotIndex > before, $"the log behind the snapshot has {leader.Log.BytesSinceSnapshot} bytes");
        leader.HoldsLog = false;
        room.Until("all are answered", () => answers.TrueForAll(answer => answer.IsCompleted));
        Assert.All(answers, answer => Assert.Null(answer.Result.Refusal));
    }

    /// <summary>So that a majority is free: also where all entries between two fixed indexes are more than a log may be long.</summary>
    [Fact]
    public void Members_take_theirs_one_after_the_other_also_where_values_are_large()
    {
        using Room room = Room.OfVoters(3);
        foreach (Seat seat in room.Seats.ToArray()) Restart(room, seat);
        room.Until("one leads", () => room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        ulong[] before = [.. room.Seats.Select(seat => seat.Core.SnapshotIndex)];
        ulong[] first = [.. before];
        long longest = 0;
        for (int n = 0; n < 150; n++)
        {
            room.Write($"k{n % 4}", ValueBytes);
            room.Tick(20);
            for (int i = 0; i < first.Length; i++)
            {
                if (first[i] == before[i]) first[i] = room.Seats[i].Core.SnapshotIndex;
                longest = Math.Max(longest, room.Seats[i].Log.BytesSinceSnapshot);
            }
        }

        Assert.All(room.Seats, seat => Assert.True(seat.Replica.Counters.SnapshotsTaken > 1));
        Assert.Equal(3, first.Distinct().Count());
        Assert.InRange(longest, SnapshotAfterBytes, SnapshotAfterBytes * 3 / 2); // the third waits for a quarter more, and then for a fixed index
    }

    /// <summary>A leader that has room refuses puts for its sake; so no entry comes that would lead to the next fixed index.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_follower_whose_disk_is_nearly_full_makes_room_though_nothing_is_written(bool isAtFixedIndex)
    {
        using Room room = Room.OfVoters(3);
        Seat follower = room.Seats.First(seat => !seat.Leads);
        Restart(room, follower, TakesNone);
        for (int n = 0; n < 1_400; n++) room.Write($"k{n % 4}", ValueBytes);
        room.Tick(100);
        Assert.Equal(0ul, follower.Core.SnapshotIndex);
        while (IsAtFixedIndex(follower) != isAtFixedIndex) room.Write("small");

        follower.FreeDiskBytes = () => follower.Core.SnapshotIndex == 0 ? 0 : long.MaxValue / 2; // its log is what fills the disk
        room.Tick(100);
        room.Until("it has made room", () => follower.Core.SnapshotIndex != 0, withinTicks: 1_000);
        room.Until("puts are taken again", () => Put(room).Refusal is null, withinTicks: 200);
    }

    /// <summary>As the refusal says that deletes go on; they are fewer than lead to a fixed index.</summary>
    [Fact]
    public void A_follower_whose_disk_is_nearly_full_makes_room_when_most_was_deleted()
    {
        const int Keys = 1_000;
        using Room room = Room.OfVoters(3);
        foreach (Seat seat in room.Seats.ToArray()) Restart(room, seat, Room.ReplicaSizes with { SnapshotAfterBytes = 4 << 20, ChecksumEvery = 1_024 });
        room.Until("one leads", () => room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Seat follower = room.Seats.First(seat => !seat.Leads);
        for (int n = 0; n < 2 * Keys; n++) room.Write($"k{n % Keys}", ValueBytes);
        follower.FreeDiskBytes = static () => 0;
        room.Tick(400);
        Assert.Equal(RefusalCode.DiskFull, Put(room).Refusal?.Code);
        ulong before = follower.Core.SnapshotIndex;
        Assert.NotEqual(0ul, before);

        Task<WriteAnswer>[] deleted = [.. Enumerable.Range(0, Keys - 20).Select(n => Delete(room, $"k{n}"))];
        room.Until("they are deleted", () => Array.TrueForAll(deleted, answer => answer.IsCompleted));
        Assert.All(deleted, answer => Assert.Null(answer.Result.Refusal));

        room.Until("it has made room", () => follower.Core.SnapshotIndex > before, withinTicks: 200);
    }

    /// <summary>The fixed index that came for the first one's sake is over.</summary>
    [Fact]
    public void A_follower_whose_disk_is_nearly_full_makes_room_also_after_another()
    {
        using Room room = Room.OfVoters(3);
        foreach (Seat seat in room.Seats.ToArray()) Restart(room, seat, TakesNone);
        room.Until("one leads", () => room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Seat[] followers = [.. room.Seats.Where(seat => !seat.Leads)];
        (Seat first, Seat second) = (followers[0], followers[1]);
        for (int n = 0; n < 1_400 || IsAtFixedIndex(room.Leader); n++) room.Write($"k{n % 4}", ValueBytes);
        first.FreeDiskBytes = static () => 0; // whatever it does
        room.Until("the first has done what it can", () => first.Core.SnapshotIndex != 0);
        room.Tick(300);
        Assert.Null(room.Answered(Delete(room, "k0")).Refusal);
        Assert.Equal(0ul, second.Core.SnapshotIndex);

        second.FreeDiskBytes = static () => 0;
        room.Until("the second has, too", () => second.Core.SnapshotIndex != 0);
    }

    /// <summary>Else it takes puts until the next snapshot, which needs more than there is, fills the disk.</summary>
    [Fact]
    public void After_a_restart_there_must_be_room_for_the_next_snapshot_as_before()
    {
        using Room room = Room.OfVoters(1);
        Seat leader = room.Leader;
        room.WriteUntilSnapshotAt(leader, 0);
        leader.FreeDiskBytes = static () => 1; // more than must stay free beside it
        room.Tick(100);
        Assert.Equal(RefusalCode.DiskFull, Put(room).Refusal?.Code);

        Restart(room, leader, TakesNone); // from the next one on it would know again
        room.Tick(100);

        Assert.Equal(RefusalCode.DiskFull, Put(room).Refusal?.Code);
    }

    /// <summary>A state that grew since the last snapshot needs more room for the next: what that one took says too little.</summary>
    [Fact]
    public void There_must_be_room_for_a_snapshot_of_what_there_is_now()
    {
        using Room room = Room.OfVoters(1);
        Seat leader = room.Leader;
        room.WriteUntilSnapshotAt(leader, 0);
        long free = 2 * leader.Store.ContentBytes;
        leader.FreeDiskBytes = () => free;
        room.Tick(100);
        Assert.Null(Put(room).Refusal);

        Restart(room, leader, TakesNone);
        for (int n = 0; n < 100 && leader.Store.ContentBytes <= free; n++) room.Write($"more{n}", ValueBytes);
        room.Tick(100);

        Assert.Equal(RefusalCode.DiskFull, Put(room).Refusal?.Code);
    }

    /// <summary>A fast disk is full long before the next look by the clock.</summary>
    [Fact]
    public void It_is_looked_at_the_disk_as_often_as_much_is_written()
    {
        using Room room = Room.OfVoters(1);
        Seat leader = Restart(room, room.Leader, Room.ReplicaSizes with { SnapshotAfterBytes = 1 << 30 });
        room.Tick(100);
        int looks = 0;
        leader.FreeDiskBytes = () =>
        {
            looks++;
            return long.MaxValue / 2;
        };

        for (int n = 0; n < 3_000; n++) // 20 MiB, and no tick passes
        {
            Task<WriteAnswer> answer = leader.Replica.WriteAsync(Command.EncodeSet("k"u8.ToArray(), new byte[ValueBytes])).AsTask();
            room.Settle();
            Assert.True(answer.IsCompleted);
        }

        Assert.InRange(looks, 2, 4);
    }

    /// <summary>Without its next segment the log, and with it the node, ends; without the snapshot it goes on.</summary>
    [Fact]
    public void A_snapshot_takes_nothing_of_what_the_log_needs()
    {
        const long Reserved = 1 << 20;
        using Room room = Room.OfVoters(1);
        Seat leader = Restart(room, room.Leader, Room.ReplicaSizes with { SnapshotAfterBytes = 1 << 30, ReservedDiskBytes = Reserved });
        for (int n = 0; n < 1_400 || leader.Log.HasNextSegment; n++) room.Write($"k{n}", ValueBytes);
        Assert.Equal(0ul, leader.Core.SnapshotIndex);
        long left = Reserved / 2;
        leader.FreeDiskBytes = () => left--; // what is written takes it

        room.Tick(400);

        Assert.Equal((0ul, 0), (leader.Core.SnapshotIndex, leader.Snapshots.Count));
        Assert.Equal(RefusalCode.DiskFull, Put(room).Refusal?.Code);
        Assert.Null(room.Answered(Delete(room, "k0")).Refusal);
        leader.FreeDiskBytes = static () => Reserved;
        for (int n = 1; n < 200; n++) Assert.Null(room.Answered(Delete(room, $"k{n}")).Refusal);
        room.Until("it has made room", () => leader.Core.SnapshotIndex != 0, withinTicks: 2_000);
    }

    /// <summary>Something else takes the disk: to give up what would make room gives the log nothing.</summary>
    [Fact]
    public void A_snapshot_is_not_given_up_where_that_is_not_enough_for_the_log()
    {
        using Room room = Room.OfVoters(1);
        Seat leader = Restart(room, room.Leader, Room.ReplicaSizes with { SnapshotAfterBytes = 1 << 30, ReservedDiskBytes = 64 << 20 });
        for (int n = 0; n < 1_400; n++) room.Write($"k{n}", ValueBytes);
        Assert.Equal(0ul, leader.Core.SnapshotIndex);
        long began = leader.Disk.FreeBytes(Seat.Folder);
        leader.FreeDiskBytes = () => leader.Core.SnapshotIndex == 0 ? (24 << 20) - (began - leader.Disk.FreeBytes(Seat.Folder)) : long.MaxValue / 2;
        for (int n = 0; n < 1_000 && leader.Core.SnapshotIndex == 0; n++)
        {
            Assert.Null(room.Answered(Delete(room, $"none{n}")).Refusal);
            room.Tick(20);
        }

        room.Tick(200);
        Assert.Null(Put(room).Refusal);
    }

    /// <summary>Else the disk is kept busy with what is thrown away each time.</summary>
    [Fact]
    public void A_snapshot_for_which_there_was_no_room_is_tried_again_when_there_is_more()
    {
        using Room room = Room.OfVoters(1);
        Seat leader = Restart(room, room.Leader, Room.ReplicaSizes with { SnapshotAfterBytes = 1 << 30, ReservedDiskBytes = 1 << 30 }); // it stays low
        for (int n = 0; n < 1_400; n++) room.Write($"k{n}", ValueBytes);
        leader.FreeDiskBytes = () => leader.Disk.FreeBytes(Seat.Folder);
        leader.Disk.VolumeBytes = long.MaxValue - leader.Disk.FreeBytes(Seat.Folder) + (2 << 20); // the state is five times as long
        for (int n = 0; n < 300; n++)
        {
            Assert.Null(room.Answered(Delete(room, $"none{n}")).Refusal);
            room.Tick(20);
        }

        Assert.Equal(0ul, leader.Core.SnapshotIndex);
        long operations = leader.Disk.Operations;
        for (int n = 0; n < 200; n++) Assert.Null(room.Answered(Delete(room, $"none{n}")).Refusal);
        Assert.InRange(leader.Disk.Operations - operations, 0, 2_000); // two or three for each deletion

        leader.Disk.VolumeBytes += 64 << 20;
        room.Tick(100);
        for (int n = 0; n < 200; n++) Assert.Null(room.Answered(Delete(room, $"none{n}")).Refusal);
        room.Until("it is taken", () => leader.Core.SnapshotIndex != 0, withinTicks: 2_000);
    }

    /// <summary>What was told already must not cost what is to be stored.</summary>
    [Fact]
    public void The_history_of_changes_costs_no_put()
    {
        const long Reserved = 1 << 20;
        using Room room = Room.OfVoters(1);
        Seat leader = Restart(room, room.Leader, Sizes with { ReservedDiskBytes = Reserved, HistoryBytes = 1 << 20 });
        leader.FreeDiskBytes = () => Reserved + (512 << 10) - (leader.Replica.History.TotalBytes - leader.Replica.History.Bytes); // all else stays
        for (int n = 0; n < 1_000; n++)
        {
            Assert.Null(room.Answered(leader.Replica.WriteAsync(Command.EncodeSet(Encoding.UTF8.GetBytes($"k{n % 4}"), new byte[ValueBytes])).AsTask()).Refusal);
            room.Tick(5);
        }
    }

    /// <summary>Until a snapshot says so, the last one's length is what counts.</summary>
    [Fact]
    public void A_state_that_became_smaller_takes_puts_again()
    {
        const long Reserved = 1 << 20;
        using Room room = Room.OfVoters(1);
        Seat leader = Restart(room, room.Leader, Sizes with { ReservedDiskBytes = Reserved });
        for (int n = 0; n < 1_400; n++) room.Write($"k{n}", ValueBytes);
        room.Tick(500);
        Assert.NotEqual(0ul, leader.Core.SnapshotIndex);
        long free = Reserved + (leader.Store.ContentBytes / 10 * 8);
        leader.FreeDiskBytes = () => free;
        room.Tick(200);
        for (int n = 0; n < 560; n++) Assert.Null(room.Answered(Delete(room, $"k{n}")).Refusal);
        room.Tick(2_000);
        Assert.Null(Put(room).Refusal);
    }

    private static WriteAnswer Put(Room room) => room.Answered(room.Leader.Replica.WriteAsync(Command.EncodeSet("k"u8.ToArray(), new byte[10])).AsTask());

    private static Task<WriteAnswer> Delete(Room room, string key) => room.Leader.Replica.WriteAsync(Command.EncodeDelete(Encoding.UTF8.GetBytes(key))).AsTask();

    private static bool IsAtFixedIndex(Seat seat) => seat.Replica.AppliedIndex % Room.ReplicaSizes.ChecksumEvery == 0;

    private static Seat Restart(Room room, Seat seat, ReplicaOptions? sizes = null)
    {
        seat.Kill();
        seat.Options = sizes ?? Sizes;
        seat.Start();
        if (room.Seats.Count == 1) room.Until("it leads", () => seat.Leads && seat.Core.HasCommittedInTerm);
        return seat;
    }
}
