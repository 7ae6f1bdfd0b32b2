using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>P5: a snapshot is sent only if a majority confirmed its checksum, unless that would keep a live majority from serving for ever.</summary>
public sealed class UnconfirmedSnapshotTests
{
    /// <summary>The one voter that could confirm is gone for good, and the other that lives waits for this very snapshot.</summary>
    [Fact]
    public void The_last_majority_gets_the_snapshot_that_nobody_is_left_to_confirm()
    {
        using Room room = Room.OfVoters(3);
        (Seat a, Seat b, Seat c) = (room.Seats[0], room.Seats[1], room.Seats[2]);
        room.Tick(20);
        b.Kill();
        room.WriteUntilSnapshotAt(room.Leader, room.Leader.Core.LastIndex);
        c.Kill();
        a.Kill();

        a.Start();
        b.Start();
        room.Until("the majority that is left leads and has committed", () => room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm));

        Assert.True(a.Leads);
        room.Write("after");
        room.Until("the follower has it all", () => b.Replica.AppliedIndex == a.Replica.AppliedIndex);
    }
}
