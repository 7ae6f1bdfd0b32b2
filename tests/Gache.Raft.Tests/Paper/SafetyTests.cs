using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Paper §5.4, safety.</summary>
public sealed class SafetyTests
{
    /// <summary>Paper §5.4.1.</summary>
    [Fact]
    public void The_vote_request_includes_information_about_the_candidates_log()
    {
        Server candidate = Server.Candidate(term: 5, log: [1, 2, 4]);
        Assert.Equal(2, candidate.SentOf(MessageKind.Vote).Count);
        Assert.All(candidate.Sent, m => Assert.Equal((3ul, 4ul), (m.LogIndex, m.LogTerm)));
    }

    /// <summary>Paper §5.4.1: the later last term is more up to date; with the same last term, the longer log. The same for pre-votes.</summary>
    [Theory]
    [InlineData(3, 2, true)]
    [InlineData(4, 2, true)]
    [InlineData(1, 3, true)]
    [InlineData(2, 2, false)]
    [InlineData(9, 1, false)]
    public void The_voter_denies_its_vote_if_its_own_log_is_more_up_to_date_than_that_of_the_candidate(ulong lastIndex, ulong lastTerm, bool isGranted)
    {
        foreach (MessageKind kind in new[] { MessageKind.Vote, MessageKind.PreVote })
        {
            var server = new Server(log: [1, 1, 2]);
            server.Step(Server.Vote(2, term: 5, lastIndex, lastTerm) with { Kind = kind });
            Assert.Equal(!isGranted, Assert.Single(server.Sent).IsRejected);
            Assert.Equal(kind == MessageKind.Vote && isGranted ? Server.Id(2) : default, server.DurableState.Vote);
        }
    }

    /// <summary>Paper §5.4.2, thesis §3.6.2: entries of earlier terms wait for one of the leader's own.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 4)]
    public void Only_log_entries_from_the_leaders_current_term_are_committed_by_counting_replicas(ulong match, ulong committed)
    {
        Server leader = Server.Leader(term: 3, log: [1, 2, 2]);
        leader.Step(Server.AppendAnswer(2, term: 3, match));
        Assert.Equal(committed, leader.Core.CommitIndex);
    }

    /// <summary>Paper §5.4.3: what a majority has, no one without it can win; so a leader's committed entries are never removed.</summary>
    [Fact]
    public void A_committed_entry_is_never_truncated()
    {
        var server = new Server();
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 3, 2, 2));
        Assert.Equal(3ul, server.Core.CommitIndex);
        server.Step(Server.Append(3, term: 3, 1, 1, commit: 1, 3, 3)); // no leader that keeps the rules sends this
        Assert.Equal([1, 2, 2], server.Log);
        Message answer = server.SentOf(MessageKind.AppendAnswer)[^1];
        Assert.Equal((false, 3ul), (answer.IsRejected, answer.LogIndex));
    }
}
