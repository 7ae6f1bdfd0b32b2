using Xunit;

namespace Gache.Raft.Tests;

/// <summary>What "write w is durable" may be taken for, when terms and entries have changed since it was written (P2).</summary>
public sealed class CompletionTests
{
    [Fact]
    public void Late_completion_of_a_replaced_entry_does_not_count_for_the_one_in_its_place()
    {
        var server = new Server { IsDiskSlow = true };
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0, 2, 2));
        server.Step(Server.Append(3, term: 3, 1, 1, commit: 0, 3, 3));
        server.SyncOne();
        Assert.Equal((1ul, 3ul), (server.Core.DurableIndex, server.Core.LastIndex));
        server.SyncOne();
        Assert.Equal(3ul, server.Core.DurableIndex);
    }

    /// <summary>A term compared at one index would not do: the same entry was there, went, and came back, and the write between is still under way.</summary>
    [Fact]
    public void Completion_of_an_entry_that_was_replaced_and_came_back_does_not_count_either()
    {
        var server = new Server { IsDiskSlow = true };
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0, 2));
        server.Step(Server.Append(3, term: 3, 1, 1, commit: 0, 3));
        server.Step(Server.Append(2, term: 4, 1, 1, commit: 0, 2));
        server.SyncOne();
        Assert.Equal((1ul, 2ul), (server.Core.DurableIndex, server.Core.LastTerm)); // a crash in the next write could leave 2:3
        server.SyncOne();
        Assert.Equal(1ul, server.Core.DurableIndex);
        server.SyncOne();
        Assert.Equal(2ul, server.Core.DurableIndex);
    }

    [Fact]
    public void Completion_counts_up_to_the_lowest_replacement_since_and_not_up_to_the_latest()
    {
        var server = new Server { IsDiskSlow = true };
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0, 2, 2, 2));
        server.Step(Server.Append(3, term: 3, 1, 1, commit: 0, 3, 3, 3)); // replaces from 2 on
        server.Step(Server.Append(2, term: 4, 3, 3, commit: 0, 4));       // replaces 4
        server.SyncOne();
        Assert.Equal(1ul, server.Core.DurableIndex);
        server.Sync();
        Assert.Equal(4ul, server.Core.DurableIndex);
    }

    [Fact]
    public void Completion_of_a_write_before_a_snapshot_replaced_the_log_does_not_count()
    {
        var server = new Server { IsDiskSlow = true };
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0, 2, 2, 2));
        server.Do(core => Assert.True(core.InstallSnapshot(new SnapshotMark(9, 2, core.Configuration))));
        Assert.Equal(9ul, server.Core.CommitIndex);
        server.SyncOne();
        Assert.Equal((0ul, 0ul), (server.Core.DurableIndex, server.Core.ApplyLimit));
        server.SyncOne();
        Assert.Equal((9ul, 9ul), (server.Core.DurableIndex, server.Core.ApplyLimit));
        Assert.Equal(9ul, server.SentOf(MessageKind.AppendAnswer)[^1].LogIndex);
    }

    [Fact]
    public void Candidate_counts_its_own_vote_only_when_it_is_synced()
    {
        Server server = Standing();
        server.Step(Server.VoteAnswer(2, term: 3));
        Assert.Equal((Role.Candidate, 1), (server.Core.Role, server.Core.VotesGranted));
        server.Sync();
        Assert.Equal(Role.Leader, server.Core.Role);
    }

    [Fact]
    public void Candidate_does_not_count_its_vote_of_an_earlier_term()
    {
        Server server = Standing();
        server.Step(Server.Heartbeat(2, term: 3) with { Kind = MessageKind.TransferNow }); // it is asked to stand again, in term 4
        Assert.Equal((Role.Candidate, 4ul), (server.Core.Role, server.Core.Term));
        server.Step(Server.VoteAnswer(2, term: 4));
        server.SyncOne(); // the vote of term 3
        Assert.Equal((Role.Candidate, 1), (server.Core.Role, server.Core.VotesGranted));
        server.SyncOne();
        Assert.Equal(Role.Leader, server.Core.Role);
    }

    /// <summary>A candidate that forgot its term could stand in it again with a shorter log, and be elected by an answer given to the longer one.</summary>
    [Fact]
    public void Candidates_request_waits_until_its_term_its_vote_and_all_its_log_are_synced()
    {
        Server server = Standing();
        Assert.Empty(server.SentOf(MessageKind.Vote));
        server.SyncOne();
        Assert.Equal(new HardState(3, Server.Id(1)), server.DurableState);
        Assert.Equal(2, server.SentOf(MessageKind.Vote).Count);

        var follower = new Server(term: 2) { IsDiskSlow = true };
        follower.Step(Server.Append(2, term: 2, 1, 1, commit: 0, 2));
        follower.Step(Server.Heartbeat(2, term: 2) with { Kind = MessageKind.TransferNow });
        follower.SyncOne(); // the entry
        Assert.Empty(follower.SentOf(MessageKind.Vote));
        follower.SyncOne();
        Assert.All(follower.SentOf(MessageKind.Vote), m => Assert.Equal(2ul, m.LogIndex));
        Assert.Equal(2, follower.SentOf(MessageKind.Vote).Count);
    }

    /// <summary>A vote implies the log it was judged by, also where term and vote are on disk already.</summary>
    [Fact]
    public void Vote_that_is_given_again_waits_for_the_entries_that_came_meanwhile()
    {
        var server = new Server(term: 2, vote: 2) { IsDiskSlow = true };
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0, 2));
        server.Step(Server.Vote(2, term: 2, 2, 2, isTransfer: true));
        Assert.Empty(server.Sent);
        server.Sync();
        Assert.False(Assert.Single(server.SentOf(MessageKind.VoteAnswer)).IsRejected);
    }

    // It stands in term 3, and its vote is on its way to the disk.
    private static Server Standing()
    {
        Server server = Server.PreCandidate(term: 3);
        server.IsDiskSlow = true;
        server.Step(Server.VoteAnswer(2, term: 3) with { Kind = MessageKind.PreVoteAnswer });
        Assert.Equal((Role.Candidate, 0), (server.Core.Role, server.Core.VotesGranted));
        return server;
    }
}
