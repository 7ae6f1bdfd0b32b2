using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>A shard has at most 64 members; one more is refused in words, and is no leader's end.</summary>
public sealed class FullShardTests
{
    [Fact]
    public void The_65th_member_is_refused_and_the_leader_goes_on()
    {
        using Room room = WithMembers(Configuration.MaxMembers);
        Seat leader = room.Leader;

        JoinAnswer answer = room.Answered(room.AddSeat().AskToJoin(leader));

        Assert.Equal(RefusalCode.Overloaded, answer.Refusal?.Code);
        Assert.Contains("remove one first", answer.Detail, StringComparison.Ordinal);
        room.Write("after");
        Assert.Null(leader.End);
    }

    [Fact]
    public void Of_two_that_want_the_last_place_at_once_one_is_refused_and_the_leader_goes_on()
    {
        using Room room = WithMembers(Configuration.MaxMembers - 1);
        Seat leader = room.Leader;

        Task<JoinAnswer[]> both = Task.WhenAll(room.AddSeat().AskToJoin(leader), room.AddSeat().AskToJoin(leader));
        JoinAnswer[] answers = room.Answered(both);

        Assert.Single(answers, answer => answer is { Refusal: null, Verdict: JoinRefusal.None });
        Assert.Single(answers, answer => answer.Refusal?.Code == RefusalCode.Overloaded);
        room.Write("after");
        Assert.Null(leader.End);
    }

    [Fact]
    public void A_member_of_a_full_shard_may_still_tell_a_changed_address()
    {
        using Room room = WithMembers(Configuration.MaxMembers);
        Seat leader = room.Leader;
        JoinAnswer answer = room.Answered(leader.Replica.JoinAsync(
            new JoinRequest(leader.RaftAddress, leader.Node, "elsewhere:8000", leader.Identity.Cluster, leader.Identity.Shard)));

        Assert.Equal((null, JoinRefusal.None), (answer.Refusal, answer.Verdict));
    }

    private static Room WithMembers(int count)
    {
        var room = new Room();
        Seat first = room.AddSeat();
        first.Found([.. Enumerable.Range(2, count - 1).Select(n => new Member(NodeId.New(room.Random), $"dead{n}:7000", $"dead{n}:8000"))]);
        room.Until("it leads", () => first.Leads && first.Core.HasCommittedInTerm);
        return room;
    }
}
