using Gache.Log;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>P10: a snapshot that the leader sends comes only where there is room for it, and what can go makes room for it.</summary>
public sealed class SnapshotRoomTests
{
    private const int ValueBytes = 7_000;
    private const int SnapshotBytes = 3 << 20; // more than one window of pieces
    private const long Plenty = long.MaxValue / 2;

    /// <summary>Else it would be sent again and again, each time until the disk is full.</summary>
    [Fact]
    public void A_snapshot_that_does_not_fit_does_not_begin()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = Behind(room);
        int pieces = 0;
        room.Sent = (_, message) => pieces += message is SnapshotChunk chunk && chunk.To == follower.Node ? 1 : 0;
        follower.FreeDiskBytes = static () => SnapshotBytes - 1;
        follower.Start();
        ulong applied = follower.Replica.AppliedIndex;
        room.Tick(1_000);

        Assert.Equal(applied, follower.Replica.AppliedIndex);
        Assert.Empty(Unfinished(follower));
        Assert.InRange(pieces, 1, 60); // the first window of each try, one every two seconds
        Assert.Null(follower.End);

        follower.FreeDiskBytes = static () => Plenty;
        room.Until("it has everything", () => follower.Replica.AppliedIndex == room.Leader.Replica.AppliedIndex);
    }

    /// <summary>A follower that is so far behind takes no snapshot of its own, after which it would delete older ones.</summary>
    [Fact]
    public void The_followers_own_older_snapshot_makes_room()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = Behind(room);
        Assert.Equal(2, Snapshots(follower).Length);
        int refused = 0;
        room.Sent = (from, message) => refused += from == follower && message is SnapshotChunkAnswer { IsRefused: true } ? 1 : 0;
        follower.Start();
        long used = -follower.Disk.FreeBytes(Seat.Folder);
        long length = SizeOfNewest(room.Leader);
        follower.FreeDiskBytes = () => length - 1 + used + follower.Disk.FreeBytes(Seat.Folder);
        room.Until("it has everything", () => follower.Replica.AppliedIndex == room.Leader.Replica.AppliedIndex);
        Assert.NotEqual(0, refused);
    }

    /// <summary>No start goes on from it, and the leader sends it again.</summary>
    [Fact]
    public void A_snapshot_that_was_whole_and_not_yet_the_logs_goes_at_the_next_start()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = Behind(room);
        string[] own = Snapshots(follower);
        follower.Start();
        follower.HoldsLog = true;
        room.Until("the leader's is there", () => Snapshots(follower).Length > own.Length);
        follower.Kill();
        follower.Start();
        Assert.Equal(own, Snapshots(follower));
        room.Until("it has everything", () => follower.Replica.AppliedIndex == room.Leader.Replica.AppliedIndex);
    }

    /// <summary>P4: the older one is what starts go on from then.</summary>
    [Fact]
    public void Where_the_newest_is_damaged_the_older_one_makes_no_room()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = Behind(room, keepsLog: true);
        string newest = follower.Data.SnapshotsOf(follower.Node) + "/" + Snapshots(follower)[^1];
        follower.Disk.Corrupt(newest, offset: 2_000, mask: 1);
        follower.FreeDiskBytes = static () => 0;
        for (int n = 0; n < 2; n++)
        {
            follower.Start();
            room.Tick(500);
            Assert.Null(follower.End);
            Assert.Equal(2, Snapshots(follower).Length);
            follower.Kill();
        }
    }

    /// <summary>A new leader's snapshot does not find its room taken by what the last one had sent.</summary>
    [Fact]
    public void What_another_leader_had_begun_to_send_makes_room()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = Behind(room);
        (Seat old, Seat other) = (room.Leader, room.Seats[1]);
        Assert.NotEqual(old.Snapshots[0].Index, other.Snapshots[0].Index);
        long before = follower.Disk.FreeBytes(Seat.Folder);
        follower.Start();
        room.Loses = (_, to, message) => to == follower && message is SnapshotChunk { Offset: > 2 << 20 };
        room.Until("a part is there", () => before - follower.Disk.FreeBytes(Seat.Folder) > 1 << 20);
        long length = SizeOfNewest(other);
        follower.FreeDiskBytes = () => length + (512 << 10) - (before - follower.Disk.FreeBytes(Seat.Folder));
        room.Loses = static (_, _, _) => false;
        old.Kill();
        room.Until("the other leads", () => other.Leads && other.Core.HasCommittedInTerm, withinTicks: 3_000);
        room.Until("it has everything", () => follower.Replica.AppliedIndex == other.Replica.AppliedIndex, withinTicks: 3_000);
    }

    /// <summary>A part of a snapshot of which no more comes must not cost what is to be stored.</summary>
    [Fact]
    public void What_nobody_sends_on_is_given_up_on_a_nearly_full_disk()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = Behind(room);
        follower.Start();
        room.Loses = (_, to, message) => to == follower && message is SnapshotChunk { Offset: > 0 };
        room.Until("the first piece is there", () => Unfinished(follower).Length > 0);
        room.Loses = (_, to, message) => to == follower && message is SnapshotChunk;
        follower.FreeDiskBytes = static () => -1;
        room.Tick(300);
        Assert.NotEmpty(Unfinished(follower));
        room.Until("it is gone", () => Unfinished(follower).Length == 0, withinTicks: 2_000);
    }

    /// <summary>The last of three, down, with two snapshots of its own, and so far behind that only the leader's helps.</summary>
    private static Seat Behind(Room room, bool keepsLog = false)
    {
        (Seat leader, Seat follower) = (room.Leader, room.Seats[2]);
        if (keepsLog)
        {
            follower.Kill();
            follower.Options = Room.ReplicaSizes with { KeptBeforeSnapshotBytes = 1 << 30 };
            follower.Start();
        }

        for (int n = 0; Snapshots(follower).Length < 2; n++)
        {
            Assert.True(n < 3_000, "the follower took no snapshots");
            room.Write($"k{n % 50}", ValueBytes);
        }

        ulong last = follower.Core.LastIndex;
        follower.Kill();
        for (int n = 0; leader.Core.FirstIndex <= last + 1 || SizeOfNewest(leader) < SnapshotBytes; n++)
        {
            Assert.True(n < 3_000, "the leader took no such snapshot");
            room.Write($"k{n % 700}", ValueBytes);
        }

        return follower;
    }

    private static string[] Snapshots(Seat seat) => [.. Files(seat).Where(IsWhole)];

    private static string[] Unfinished(Seat seat) => [.. Files(seat).Where(name => !IsWhole(name))];

    private static IEnumerable<string> Files(Seat seat) => seat.Disk.List(seat.Data.SnapshotsOf(seat.Node));

    private static bool IsWhole(string name) => name.EndsWith(".snapshot", StringComparison.Ordinal);

    private static long SizeOfNewest(Seat seat)
    {
        if (seat.Snapshots.Count == 0) return 0;
        using SnapshotReader reader = seat.SnapshotFolder.Read(seat.Snapshots[0]);
        return reader.Length;
    }
}
