using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>Time in the store: it advances with the leader's clock within its term, goes on where the last leader left it, and is never early.</summary>
public sealed class StoreTimeTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void The_first_leader_does_not_begin_with_the_machines_uptime()
    {
        using Room room = Room.OfVoters(3);
        room.Write("a");
        Assert.All(room.Seats, seat => Assert.InRange(seat.StoreTimeMilliseconds, 0ul, (ulong)Hour.TotalMilliseconds));
    }

    [Fact]
    public void A_lone_voter_goes_on_after_a_restart_from_the_time_that_it_applied()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Seats[0];
        room.Time.Advance(Hour);
        room.Write("before");
        ulong before = only.StoreTimeMilliseconds;

        only.Kill();
        only.Start();
        room.Until("it leads again", () => only.Leads && only.Core.HasCommittedInTerm);
        room.Tick(100);
        room.Write("after");

        Assert.InRange(only.StoreTimeMilliseconds, before + 900, before + 10_000);
    }

    [Fact]
    public void A_second_leadership_counts_the_time_under_others_once()
    {
        using Room room = Room.OfVoters(3);
        Seat first = room.Leader;
        Move(room, room.Seats[1]);
        room.Time.Advance(Hour);
        room.Write("under another");
        Move(room, first);
        room.Write("again");

        Assert.InRange(first.StoreTimeMilliseconds, (ulong)Hour.TotalMilliseconds, (ulong)(Hour * 1.5).TotalMilliseconds);
    }

    private static void Move(Room room, Seat to)
    {
        Seat from = room.Leader;
        from.Replica.Post(() => from.Core.TransferLeadership(to.Node));
        room.Until("it leads", () => to.Leads && !from.Leads && to.Core.HasCommittedInTerm);
    }
}
