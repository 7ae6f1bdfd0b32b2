using Gache.Log;
using Gache.Raft;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>P4: the snapshot from which a start would go on is never deleted, and is the one that is sent.</summary>
public sealed class SnapshotFileTests
{
    /// <summary>The leader's snapshot is whole in the folder, the log does not say so yet, and the disk becomes full just then.</summary>
    [Fact]
    public void A_nearly_full_disk_does_not_cost_the_snapshot_that_the_log_goes_on_from()
    {
        using Room room = Room.OfVoters(3);
        (Seat leader, Seat follower) = (room.Leader, room.Seats[2]);
        room.WriteUntilSnapshotAt(leader, 0);
        room.Until("the follower has its own snapshot", () => follower.Core.SnapshotIndex != 0);
        ulong own = follower.Core.SnapshotIndex;
        room.Loses = (from, to, _) => from == follower || to == follower;
        room.WriteUntilSnapshotAt(leader, follower.Core.LastIndex);

        follower.HoldsLog = true;
        room.Loses = static (_, _, _) => false;
        room.Until("the leader's snapshot is in the follower's folder", () => follower.Snapshots[0].Index > own);
        follower.FreeDiskBytes = static () => 0;
        room.Tick(200);
        follower.Kill();
        follower.Start();
        follower.FreeDiskBytes = static () => long.MaxValue / 2; // the leader's next one needs room

        room.Until("it has everything", () => follower.Replica.AppliedIndex == leader.Replica.AppliedIndex);
        Assert.Null(follower.End);
    }

    /// <summary>A later file lies in the folder that no log goes on from: it was on its way in when its sender lost the lead.</summary>
    [Fact]
    public void A_leader_sends_the_snapshot_that_its_log_goes_on_from_and_no_later_file()
    {
        using Room room = Room.OfVoters(3);
        (Seat leader, Seat follower) = (room.Leader, room.Seats[2]);
        follower.Kill();
        room.WriteUntilSnapshotAt(leader, leader.Core.LastIndex);
        SnapshotMark mark = MarkOf(leader, leader.Snapshots[0]);
        PutSnapshot(leader, new SnapshotMark(mark.Index + 1_000_000, mark.Term, mark.Configuration));

        follower.Start();
        room.Until("it has everything", () => follower.Replica.AppliedIndex == leader.Replica.AppliedIndex);

        Assert.Equal(mark.Index, follower.Core.SnapshotIndex);
    }

    private static SnapshotMark MarkOf(Seat seat, SnapshotFile file)
    {
        using SnapshotReader reader = seat.SnapshotFolder.Read(file);
        return reader.Head.Mark;
    }

    private static void PutSnapshot(Seat seat, SnapshotMark mark)
    {
        using SnapshotReader newest = seat.SnapshotFolder.Read(seat.Snapshots[0]);
        using SnapshotWriter writer = seat.SnapshotFolder.Write(newest.Head with { Mark = mark });
        while (newest.TryReadChunk(out ReadOnlyMemory<byte> chunk)) writer.Append(chunk.Span);
        writer.Finish();
    }
}
