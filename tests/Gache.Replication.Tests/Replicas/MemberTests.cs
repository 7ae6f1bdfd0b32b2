using Gache.Primitives;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>Members that an operator removes, and leadership that an operator hands over.</summary>
public sealed class MemberTests
{
    private const int ElectionTicks = 60;

    [Fact]
    public void A_removed_follower_counts_no_more_is_told_so_and_ends()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader, gone = Followers(room)[0];

        MemberAnswer answer = room.Answered(leader.Replica.RemoveMemberAsync(gone.Node));

        Assert.True(answer.IsDone, answer.Detail);
        Assert.Equal(2, leader.Core.Configuration.Voters.Length);
        Assert.False(leader.Core.IsConfigurationChanging);
        room.Until("it has ended", () => gone.End is not null, withinTicks: 100);
        Assert.Equal(NodeEndReason.Removed, gone.End!.Reason);
        Assert.Equal(0UL, gone.Data.ReadMute(gone.Node)); // it lost nothing
        room.Write("goes on");
        Assert.True(room.Answered(leader.Replica.RemoveMemberAsync(gone.Node)).IsDone); // asked again
    }

    /// <summary>Whoever leads when it is next heard knows from the configuration that it was an operator: it must not rejoin by itself.</summary>
    [Fact]
    public void A_member_that_was_down_while_it_was_removed_is_told_by_whoever_leads_then()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader, gone = Followers(room)[0];
        gone.Kill();
        Assert.True(room.Answered(leader.Replica.RemoveMemberAsync(gone.Node)).IsDone);
        Assert.True(room.Answered(leader.Replica.TransferLeadershipAsync()).IsDone);
        room.Until("another leads", () => !leader.Leads && room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm));

        gone.Start();
        room.Until("it has ended", () => gone.End is not null);

        Assert.Equal(NodeEndReason.Removed, gone.End!.Reason);
        room.Write("goes on");
    }

    /// <summary>Thesis §4.2.2: it leads the shard out of its own configuration, and steps down when that is committed.</summary>
    [Fact]
    public void A_leader_that_is_removed_leads_until_that_is_committed_and_ends()
    {
        using Room room = Room.OfVoters(3);
        Seat gone = room.Leader;
        room.Write("before");

        MemberAnswer answer = room.Answered(gone.Replica.RemoveMemberAsync(gone.Node));

        Assert.True(answer.IsDone, answer.Detail);
        Assert.Equal(NodeEndReason.Removed, gone.End?.Reason);
        gone.Kill();
        room.Until("another leads", () => room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Assert.Equal(2, room.Leader.Core.Configuration.Voters.Length);
        room.Write("after");
    }

    [Fact]
    public void The_last_voter_a_stranger_and_a_second_one_at_once_are_refused()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        Seat[] others = Followers(room);

        Assert.Equal(MemberRefusal.UnknownNode, room.Answered(leader.Replica.RemoveMemberAsync(new NodeId(5))).Verdict);
        Task<MemberAnswer> first = leader.Replica.RemoveMemberAsync(others[0].Node);
        Task<MemberAnswer> second = leader.Replica.RemoveMemberAsync(others[1].Node);
        Assert.Equal((true, MemberRefusal.ChangeUnderWay), (room.Answered(first).IsDone, room.Answered(second).Verdict));
        Assert.True(room.Answered(leader.Replica.RemoveMemberAsync(others[1].Node)).IsDone);
        Assert.Equal(MemberRefusal.LastVoter, room.Answered(leader.Replica.RemoveMemberAsync(leader.Node)).Verdict);
        Assert.Equal(MemberRefusal.LastVoter, room.Answered(leader.Replica.TransferLeadershipAsync()).Verdict);
        room.Write("goes on");
    }

    [Fact]
    public void A_removal_that_would_leave_no_majority_that_is_heard_is_not_begun()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        Seat[] others = Followers(room);
        others[0].Kill();
        room.Tick(ElectionTicks);

        MemberAnswer answer = room.Answered(leader.Replica.RemoveMemberAsync(others[1].Node));

        Assert.Equal(RefusalCode.NoQuorum, answer.Refusal?.Code);
        Assert.Equal(3, leader.Core.Configuration.Voters.Length);
        room.Write("goes on");
        Assert.True(room.Answered(leader.Replica.RemoveMemberAsync(others[0].Node)).IsDone); // the dead one may go
        room.Write("goes on with two");
    }

    [Fact]
    public void Only_the_leader_removes_and_hands_over()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = Followers(room)[0];
        Assert.Equal(RefusalCode.NotLeader, room.Answered(follower.Replica.RemoveMemberAsync(room.Leader.Node)).Refusal?.Code);
        Assert.Equal(RefusalCode.NotLeader, room.Answered(follower.Replica.TransferLeadershipAsync()).Refusal?.Code);
    }

    [Fact]
    public void Leadership_goes_to_the_voter_that_is_named_and_no_write_is_in_doubt()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader, heir = Followers(room)[1];
        Task<WriteAnswer> before = Write(leader);
        Task<MemberAnswer> transfer = leader.Replica.TransferLeadershipAsync(heir.Node);
        Task<WriteAnswer> during = Write(leader);

        Assert.True(room.Answered(transfer, withinTicks: 100).IsDone);
        Assert.Same(heir, room.Leader);
        Assert.Null(room.Answered(before).Refusal);
        Assert.Equal(RefusalCode.NotLeader, room.Answered(during).Refusal?.Code); // never proposed: sent to the next leader
        Assert.Equal(RefusalCode.NotLeader, room.Answered(leader.Replica.TransferLeadershipAsync(heir.Node)).Refusal?.Code);

        room.Until("the heir has committed", () => heir.Core.HasCommittedInTerm);
        Assert.True(room.Answered(heir.Replica.TransferLeadershipAsync(heir.Node)).IsDone); // it leads already
        Assert.True(room.Answered(heir.Replica.TransferLeadershipAsync(leader.Node)).IsDone);
        Assert.Same(leader, room.Leader); // and it takes writes again
        room.Write("goes on");
    }

    [Fact]
    public void Leadership_stays_where_the_heir_is_not_heard_or_no_member()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader, dead = Followers(room)[0];
        dead.Kill();
        room.Tick(ElectionTicks);

        Assert.Equal(RefusalCode.NoQuorum, room.Answered(leader.Replica.TransferLeadershipAsync(dead.Node)).Refusal?.Code);
        Assert.Equal(MemberRefusal.UnknownNode, room.Answered(leader.Replica.TransferLeadershipAsync(new NodeId(5))).Verdict);
        Assert.True(leader.Leads);
        room.Write("goes on");
    }

    /// <summary>The heir hears nothing of what it is asked: after a second the leader leads on, and what waited is carried out.</summary>
    [Fact]
    public void A_hand_over_that_does_not_come_about_is_given_up_and_what_waited_is_written()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader, heir = Followers(room)[0];
        room.Loses = (_, to, message) => to == heir && message is CoreMessage { Message.Kind: Raft.MessageKind.TransferNow };
        Task<MemberAnswer> transfer = leader.Replica.TransferLeadershipAsync(heir.Node);
        Task<WriteAnswer> during = Write(leader);

        Assert.Equal(RefusalCode.NoQuorum, room.Answered(transfer, withinTicks: 200).Refusal?.Code);
        Assert.Null(room.Answered(during).Refusal);
        Assert.True(leader.Leads);
    }

    /// <summary>A configuration of long ago, of before the shard was recovered on one member: its members seek one that is no more.</summary>
    [Fact]
    public void Whoever_seeks_a_former_member_at_this_address_is_refused_and_told_that_it_is_none_itself()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        var told = new List<LostDataNotice>();
        room.Sent = (_, message) =>
        {
            if (message is LostDataNotice notice) told.Add(notice);
        };
        var stranger = new PeerIdentity(new NodeId(77), leader.Identity.Shard, leader.Identity.Cluster, 9, "s:7000", "s:8000");

        string? refused = leader.Replica.Judge(stranger, expectedReceiver: new NodeId(78));
        string? member = leader.Replica.Judge(Followers(room)[0].Identity, expectedReceiver: new NodeId(78));
        room.Tick(5);

        Assert.Contains("is not at", refused, StringComparison.Ordinal);
        Assert.NotNull(member);
        LostDataNotice notice = Assert.Single(told);
        Assert.Equal((stranger.Node, true, false), (notice.To, notice.IsRemoved, notice.IsByOperator));
    }

    private static Seat[] Followers(Room room) => [.. room.Seats.Where(seat => !seat.Leads)];

    private static Task<WriteAnswer> Write(Seat seat) => seat.Replica.WriteAsync(Command.EncodeSet("k"u8, "v"u8)).AsTask();
}
