using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Thesis §3.10, the leadership transfer extension.</summary>
public sealed class TransferTests
{
    /// <summary>Thesis §3.10, steps 1 to 3.</summary>
    [Fact]
    public void The_prior_leader_stops_accepting_requests_and_first_brings_the_targets_log_up_to_date()
    {
        Server leader = Server.Leader();
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        leader.Do(core => Assert.True(core.TransferLeadership(Server.Id(3))));
        Assert.Empty(leader.SentOf(MessageKind.TransferNow));
        leader.Do(core => Assert.Equal(0ul, core.Propose("a"u8.ToArray())));
        leader.Step(Server.AppendAnswer(3, term: 2, 2));
        Assert.Equal(Server.Id(3), Assert.Single(leader.SentOf(MessageKind.TransferNow)).To);
    }

    /// <summary>Thesis §3.10, step 3: as if its election timer had fired, and without a pre-vote, which the others would refuse.</summary>
    [Fact]
    public void The_target_starts_an_election_without_waiting_for_its_election_timer()
    {
        var server = new Server(term: 2);
        server.Step(Server.Heartbeat(2, term: 2));
        server.Clear();
        server.Step(Server.Heartbeat(2, term: 2) with { Kind = MessageKind.TransferNow });
        Assert.Equal((Role.Candidate, 3ul), (server.Core.Role, server.Core.Term));
        Assert.Equal([true, true], server.SentOf(MessageKind.Vote).Select(m => m.IsTransfer));
    }

    /// <summary>Thesis §3.10: a target that learns of it too late must not disturb.</summary>
    [Fact]
    public void A_transfer_of_an_earlier_term_is_ignored()
    {
        var server = new Server(term: 4);
        server.Step(Server.Heartbeat(2, term: 3) with { Kind = MessageKind.TransferNow });
        Assert.Equal((Role.Follower, 4ul), (server.Core.Role, server.Core.Term));
        Assert.Empty(server.Sent);
    }

    /// <summary>Thesis §3.10, last paragraph.</summary>
    [Fact]
    public void If_the_transfer_does_not_complete_after_about_an_election_timeout_the_prior_leader_resumes_accepting_requests()
    {
        Server leader = Server.Leader();
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        leader.Do(core => core.TransferLeadership(Server.Id(2)));
        for (int tick = 1; tick <= Server.Options.MaxElectionTicks; tick++)
        {
            Assert.False(leader.Core.TakesProposals);
            leader.Tick();
            leader.Step(Server.HeartbeatAnswer(2, term: 2));
        }

        Assert.True(leader.Core.TakesProposals);
    }

    /// <summary>Thesis §3.10: named by nobody, it is the voter that lacks least.</summary>
    [Fact]
    public void Without_a_target_the_voter_with_the_longest_log_is_chosen()
    {
        Server leader = Server.Leader(voters: 4, learners: [5]);
        leader.Do(core => core.Propose("a"u8.ToArray()));
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        leader.Step(Server.AppendAnswer(4, term: 2, 3));
        leader.Step(Server.AppendAnswer(5, term: 2, 3));
        leader.Do(core => Assert.True(core.TransferLeadership()));
        Assert.Equal(Server.Id(4), Assert.Single(leader.SentOf(MessageKind.TransferNow)).To);
    }

    /// <summary>Thesis §3.10: only a voter can lead.</summary>
    [Fact]
    public void Leadership_is_not_transferred_to_a_learner_or_to_itself()
    {
        Server leader = Server.Leader(learners: [4]);
        leader.Do(core => Assert.False(core.TransferLeadership(Server.Id(4))));
        leader.Do(core => Assert.False(core.TransferLeadership(Server.Id(1))));
        Assert.True(leader.Core.TakesProposals);
    }
}
