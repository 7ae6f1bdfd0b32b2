using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Paper §5.1, Raft basics; §5.5, crashes.</summary>
public sealed class BasicsTests
{
    /// <summary>Paper §5.1: terms act as a logical clock.</summary>
    [Fact]
    public void Each_server_stores_a_current_term_number_which_increases_monotonically_over_time()
    {
        var server = new Server(term: 3);
        server.Step(Server.Heartbeat(2, term: 7));
        Assert.Equal(7ul, server.Core.Term);
        server.Step(Server.Heartbeat(3, term: 5));
        server.Step(Server.Vote(3, term: 6, 9, 6));
        Assert.Equal(7ul, server.Core.Term);
        server.Restart();
        Assert.Equal(7ul, server.Core.Term);
    }

    /// <summary>Paper §5.1.</summary>
    [Theory]
    [InlineData(Role.Follower)]
    [InlineData(Role.PreCandidate)]
    [InlineData(Role.Candidate)]
    [InlineData(Role.Leader)]
    public void If_one_servers_current_term_is_smaller_than_the_others_it_updates_its_term_to_the_larger_value(Role role)
    {
        Server server = InRole(role);
        server.Step(Server.AppendAnswer(3, term: 9, 1));
        Assert.Equal(9ul, server.Core.Term);
        Assert.Equal(new HardState(9, default), server.DurableState);
    }

    /// <summary>Paper §5.1.</summary>
    [Theory]
    [InlineData(Role.PreCandidate)]
    [InlineData(Role.Candidate)]
    [InlineData(Role.Leader)]
    public void If_a_candidate_or_leader_discovers_that_its_term_is_out_of_date_it_reverts_to_follower(Role role)
    {
        Server server = InRole(role);
        Assert.Equal(role, server.Core.Role);
        server.Step(Server.Heartbeat(3, term: 9));
        Assert.Equal((Role.Follower, Server.Id(3)), (server.Core.Role, server.Core.Leader));
    }

    /// <summary>Paper §5.1. The answer carries the present term, so that the sender learns of it.</summary>
    [Theory]
    [InlineData(MessageKind.Append, MessageKind.AppendAnswer)]
    [InlineData(MessageKind.Heartbeat, MessageKind.HeartbeatAnswer)]
    [InlineData(MessageKind.Vote, MessageKind.VoteAnswer)]
    public void If_a_server_receives_a_request_with_a_stale_term_number_it_rejects_the_request(MessageKind request, MessageKind answer)
    {
        var server = new Server(log: [1, 1], term: 5);
        server.Step(Server.Append(2, term: 4, 2, 1, commit: 2, 4) with { Kind = request });
        Message sent = Assert.Single(server.Sent);
        Assert.Equal((answer, true, 5ul), (sent.Kind, sent.IsRejected, sent.Term));
        Assert.Equal([1, 1], server.Log);
        Assert.Equal(0ul, server.Core.CommitIndex);
        Assert.True(server.Core.Leader.IsNone);
    }

    /// <summary>Paper §5.1.</summary>
    [Fact]
    public void Followers_are_passive_they_issue_no_requests_on_their_own()
    {
        var server = new Server(term: 2);
        server.Step(Server.Heartbeat(2, term: 2));
        server.Clear();
        server.Tick(Server.Options.MinElectionTicks - 1);
        Assert.Empty(server.Sent);
        Assert.Equal(0ul, server.Core.Propose("x"u8.ToArray()));
        Assert.Equal(0ul, server.Core.RequestRead());
    }

    /// <summary>Paper §5.5: a request that arrives twice does no harm.</summary>
    [Fact]
    public void Raft_requests_are_idempotent()
    {
        var server = new Server();
        Message append = Server.Append(2, term: 2, 1, 1, commit: 1, 2, 2);
        server.Step(append);
        server.Step(append);
        Assert.Equal([1, 2, 2], server.Log);
        Assert.Equal(1ul, server.Core.CommitIndex);
        Assert.All(server.SentOf(MessageKind.AppendAnswer), answer => Assert.Equal((false, 3ul), (answer.IsRejected, answer.LogIndex)));
        Assert.Equal(2, server.Sent.Count);
    }

    /// <summary>Thesis §3.8: what a server promised holds across a restart, so it is synced first (P2).</summary>
    [Fact]
    public void A_server_persists_its_current_term_and_vote_before_it_answers()
    {
        var server = new Server { IsDiskSlow = true };
        server.Step(Server.Vote(2, term: 4, 1, 1));
        Assert.Empty(server.Sent);
        Assert.Equal(new HardState(1, default), server.DurableState);
        server.Sync();
        Assert.False(Assert.Single(server.Sent).IsRejected);
        Assert.Equal(new HardState(4, Server.Id(2)), server.DurableState);
    }

    internal static Server InRole(Role role) => role switch
    {
        Role.PreCandidate => Server.PreCandidate(),
        Role.Candidate => Server.Candidate(),
        Role.Leader => Server.Leader(),
        _ => new Server(),
    };
}
