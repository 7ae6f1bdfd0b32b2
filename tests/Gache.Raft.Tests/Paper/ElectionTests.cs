using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Paper §5.2, leader election. Where the paper's server stands at once, ours asks for pre-votes first (thesis §9.6).</summary>
public sealed class ElectionTests
{
    /// <summary>Paper §5.2, first paragraph.</summary>
    [Fact]
    public void When_servers_start_up_they_begin_as_followers() => Assert.Equal(Role.Follower, new Server().Core.Role);

    /// <summary>Paper §5.2, first paragraph.</summary>
    [Fact]
    public void A_server_remains_a_follower_as_long_as_it_hears_from_a_leader()
    {
        var server = new Server(term: 2);
        for (int round = 0; round < 50; round++)
        {
            server.Step(Server.Heartbeat(2, term: 2));
            server.Tick(Server.Options.MinElectionTicks - 1);
            Assert.Equal(Role.Follower, server.Core.Role);
        }

        Assert.Equal(2ul, server.Core.Term);
    }

    /// <summary>Paper §5.2, first paragraph.</summary>
    [Fact]
    public void Leaders_send_periodic_heartbeats_to_all_followers()
    {
        Server leader = Server.Leader(voters: 5);
        leader.Tick(Server.Options.HeartbeatTicks - 1);
        Assert.Empty(leader.Sent);
        leader.Tick();
        Assert.Equal([2, 3, 4, 5], leader.SentOf(MessageKind.Heartbeat).Select(m => (int)(ulong)m.To.Value).Order());
    }

    /// <summary>Paper §5.2, first paragraph. In a pre-vote the term is only asked about.</summary>
    [Fact]
    public void If_a_follower_receives_no_communication_over_the_election_timeout_it_begins_an_election()
    {
        var server = new Server(term: 2);
        server.TickUntilItStands();
        Assert.Equal(2, server.SentOf(MessageKind.PreVote).Count);
        Assert.All(server.Sent, m => Assert.Equal(3ul, m.Term));
        Assert.Equal(2ul, server.Core.Term);
    }

    /// <summary>Paper §5.2, second paragraph.</summary>
    [Fact]
    public void To_begin_an_election_a_server_increments_its_term_votes_for_itself_and_asks_all_others_in_parallel()
    {
        Server server = Server.Candidate(term: 3, voters: 5);
        Assert.Equal((Role.Candidate, 3ul, 1), (server.Core.Role, server.Core.Term, server.Core.VotesGranted));
        Assert.Equal(new HardState(3, Server.Id(1)), server.DurableState);
        Assert.Equal([2, 3, 4, 5], server.SentOf(MessageKind.Vote).Select(m => (int)(ulong)m.To.Value).Order());
    }

    /// <summary>Paper §5.2, third paragraph.</summary>
    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    public void A_candidate_wins_an_election_if_it_receives_votes_from_a_majority_of_the_full_cluster(int voters, int needed)
    {
        Server server = Server.Candidate(voters: voters);
        for (int voter = 2; voter <= needed; voter++) server.Step(Server.VoteAnswer(voter, term: 2));
        if (needed > 1) server.Step(Server.VoteAnswer(needed, term: 2)); // the same voter again counts once
        Assert.Equal(Role.Candidate, server.Core.Role);
        server.Step(Server.VoteAnswer(needed + 1, term: 2));
        Assert.Equal(Role.Leader, server.Core.Role);
    }

    /// <summary>Paper §5.2: votes count for the same term only.</summary>
    [Fact]
    public void A_vote_of_an_earlier_term_does_not_count()
    {
        Server server = Server.Candidate(term: 3);
        server.Step(Server.VoteAnswer(2, term: 2));
        Assert.Equal(Role.Candidate, server.Core.Role);
    }

    /// <summary>Paper §5.2, third paragraph.</summary>
    [Theory]
    [InlineData(0, 2, true)]
    [InlineData(2, 2, true)]
    [InlineData(3, 2, false)]
    public void Each_server_votes_for_at_most_one_candidate_in_a_term_first_come_first_served(int votedFor, int candidate, bool isGranted)
    {
        var server = new Server(term: 2, vote: votedFor);
        server.Step(Server.Vote(candidate, term: 2, 1, 1));
        Assert.Equal(!isGranted, Assert.Single(server.Sent).IsRejected);
        Assert.Equal(Server.Id(votedFor == 0 ? candidate : votedFor), server.DurableState.Vote);
    }

    /// <summary>Paper §5.2, third paragraph.</summary>
    [Fact]
    public void Once_a_candidate_wins_it_sends_heartbeats_to_all_of_the_other_servers_to_prevent_new_elections()
    {
        Server server = Server.Candidate();
        server.Clear();
        server.Step(Server.VoteAnswer(2, term: 2));
        Assert.Equal([2, 3], server.SentOf(MessageKind.Heartbeat).Select(m => (int)(ulong)m.To.Value).Order());
    }

    /// <summary>Paper §5.2, fourth paragraph.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void A_candidate_that_hears_a_leader_of_at_least_its_term_recognizes_it_and_returns_to_follower_state(ulong term)
    {
        Server server = Server.Candidate(term: 3);
        server.Step(Server.Append(2, term, 1, 1, commit: 0));
        Assert.Equal((Role.Follower, Server.Id(2), term), (server.Core.Role, server.Core.Leader, server.Core.Term));
    }

    /// <summary>Paper §5.2, fourth paragraph.</summary>
    [Fact]
    public void If_the_term_is_smaller_than_the_candidates_it_rejects_the_request_and_continues_in_candidate_state()
    {
        Server server = Server.Candidate(term: 3);
        server.Clear();
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0));
        Assert.Equal(Role.Candidate, server.Core.Role);
        Assert.True(Assert.Single(server.Sent).IsRejected);
    }

    /// <summary>Paper §5.2, fifth paragraph.</summary>
    [Fact]
    public void If_votes_are_split_each_candidate_times_out_and_starts_a_new_election()
    {
        Server server = Server.Candidate(term: 3, voters: 5);
        server.Clear();
        server.Tick(Server.Options.MaxElectionTicks);
        Assert.Contains(server.SentOf(MessageKind.PreVote), m => m.Term == 4);
    }

    /// <summary>Paper §5.2: a majority that refuses ends the candidacy before its time.</summary>
    [Fact]
    public void A_candidate_that_can_win_no_more_is_a_follower_again()
    {
        Server server = Server.Candidate(term: 3);
        server.Step(Server.VoteAnswer(2, term: 3, isRejected: true));
        Assert.Equal(Role.Candidate, server.Core.Role);
        server.Step(Server.VoteAnswer(3, term: 3, isRejected: true));
        Assert.Equal((Role.Follower, 3ul), (server.Core.Role, server.Core.Term));
    }

    /// <summary>Paper §5.2, sixth paragraph.</summary>
    [Fact]
    public void Election_timeouts_are_chosen_randomly_from_a_fixed_interval()
    {
        var timeouts = new HashSet<int>();
        for (int seed = 1; seed <= 200; seed++) timeouts.Add(new Server(seed: seed).TickUntilItStands());
        Assert.Equal(Enumerable.Range(Server.Options.MinElectionTicks, Server.Options.MaxElectionTicks - Server.Options.MinElectionTicks), timeouts.Order());
    }

    /// <summary>Thesis §9.6: it may not even ask unless a majority would vote for it.</summary>
    [Fact]
    public void A_candidate_only_increments_its_term_if_it_first_learns_that_a_majority_would_grant_their_votes()
    {
        Server server = Server.PreCandidate(term: 2, voters: 5);
        Message granted = Server.VoteAnswer(2, term: 2) with { Kind = MessageKind.PreVoteAnswer };
        server.Step(granted);
        Assert.Equal((Role.PreCandidate, 1ul), (server.Core.Role, server.Core.Term));
        server.Step(granted with { From = Server.Id(3) });
        Assert.Equal((Role.Candidate, 2ul), (server.Core.Role, server.Core.Term));
    }

    /// <summary>Thesis §9.6: a pre-vote binds nobody and is not remembered.</summary>
    [Fact]
    public void A_pre_vote_changes_neither_term_nor_vote()
    {
        var server = new Server(term: 2);
        server.Step(Server.Vote(2, term: 8, 1, 1) with { Kind = MessageKind.PreVote });
        server.Step(Server.Vote(3, term: 8, 1, 1) with { Kind = MessageKind.PreVote });
        Assert.Equal([false, false], server.Sent.Select(m => m.IsRejected));
        Assert.Equal(2ul, server.Core.Term);
        Assert.Equal(new HardState(2, default), server.DurableState);
    }
}
