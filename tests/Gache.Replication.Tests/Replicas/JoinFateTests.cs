using Gache.Raft;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>P11 for joins: what stands in the log is never called "not applied", as the next leader may commit it.</summary>
public sealed class JoinFateTests
{
    [Fact]
    public void A_join_that_stands_in_the_log_when_its_time_is_up_is_answered_timeout_and_one_that_waits_behind_it_is_not_applied()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        room.Loses = (from, _, message) => from == leader && message is CoreMessage { Message.Kind: MessageKind.Append };

        Task<JoinAnswer> inTheLog = room.AddSeat().AskToJoin(leader);
        Task<JoinAnswer> behindIt = room.AddSeat().AskToJoin(leader);

        Assert.Equal(RefusalCode.Timeout, room.Answered(inTheLog).Refusal?.Code);
        Assert.True(leader.Leads && leader.Core.ConfigurationIndex > leader.Core.CommitIndex);
        Assert.Equal(RefusalCode.NoQuorum, room.Answered(behindIt).Refusal?.Code);
    }

    [Fact]
    public void A_join_that_stands_in_the_log_when_leadership_is_lost_is_answered_so_and_one_that_waits_behind_it_may_ask_again()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        room.Loses = (from, to, _) => from == leader || to == leader;

        Task<JoinAnswer> inTheLog = room.AddSeat().AskToJoin(leader);
        Task<JoinAnswer> behindIt = room.AddSeat().AskToJoin(leader);

        Assert.Equal(RefusalCode.LeadershipLost, room.Answered(inTheLog).Refusal?.Code);
        Assert.False(leader.Leads);
        Assert.True(room.Answered(behindIt).Refusal?.Code is RefusalCode.NoLeader or RefusalCode.NotLeader);
    }
}
