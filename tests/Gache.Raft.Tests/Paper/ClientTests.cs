using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Paper §8 and thesis chapter 6, client interaction: reads, and leaders that do not know that they are none.</summary>
public sealed class ClientTests
{
    /// <summary>Paper §8, thesis §6.4.</summary>
    [Fact]
    public void Each_leader_commits_a_blank_no_op_entry_into_the_log_at_the_start_of_its_term()
    {
        Server leader = Server.Leader(term: 3, log: [1, 2]);
        Assert.Equal((3ul, 3ul, EntryKind.NoOp), (leader.Entries[^1].Index, leader.Entries[^1].Term, leader.Entries[^1].Kind));
        Assert.False(leader.Core.HasCommittedInTerm);
        leader.Step(Server.AppendAnswer(2, term: 3, 3));
        Assert.True(leader.Core.HasCommittedInTerm);
    }

    /// <summary>Paper §8, thesis §6.4.</summary>
    [Fact]
    public void A_leader_exchanges_heartbeats_with_a_majority_before_responding_to_read_only_requests()
    {
        Server leader = Committed(voters: 5);
        leader.Do(core => Assert.Equal(1ul, core.RequestRead()));
        Assert.Equal(4, leader.SentOf(MessageKind.Heartbeat).Count);
        leader.Step(Server.HeartbeatAnswer(2, term: 2, round: 1));
        leader.Step(Server.HeartbeatAnswer(2, term: 2, round: 1)); // the same one twice is not two
        Assert.Empty(leader.Reads);
        leader.Step(Server.HeartbeatAnswer(3, term: 2, round: 1));
        Assert.Equal([new ConfirmedReads(1, 2)], leader.Reads);
    }

    /// <summary>Thesis §6.4: an answer to what was sent before proves nothing.</summary>
    [Fact]
    public void A_heartbeat_sent_before_the_read_was_registered_does_not_confirm_it()
    {
        Server leader = Committed();
        leader.Do(core => core.RequestRead());
        leader.Do(core => Assert.Equal(2ul, core.RequestRead()));
        leader.Step(Server.HeartbeatAnswer(2, term: 2, round: 1));
        Assert.Equal([new ConfirmedReads(1, 2)], leader.Reads);
        leader.Step(Server.HeartbeatAnswer(3, term: 2, round: 1)); // late, of the first round
        Assert.Single(leader.Reads);
        leader.Step(Server.HeartbeatAnswer(3, term: 2, round: 2));
        Assert.Equal(new ConfirmedReads(2, 2), leader.Reads[^1]);
    }

    /// <summary>Thesis §6.4 with §4.3: nobody is left whose answer could end the round, so the smaller majority does.</summary>
    [Fact]
    public void A_round_is_confirmed_by_the_majority_that_a_change_of_members_leaves()
    {
        Server leader = Committed(voters: 2);
        leader.Do(core => core.ProposeConfiguration(core.Configuration.EnterJoint([Server.Id(1)])));
        leader.Do(core => core.RequestRead());
        Assert.Empty(leader.Reads);
        leader.Step(Server.AppendAnswer(2, term: 2, 3)); // the joint configuration is committed, the second half follows
        leader.Step(Server.HeartbeatAnswer(2, term: 2, round: 1)); // of one who has left
        Assert.Single(leader.Reads);
        leader.Do(core => core.RequestRead());
        Assert.Equal(2, leader.Reads.Count);
    }

    /// <summary>Thesis §6.4, step 1.</summary>
    [Fact]
    public void If_the_leader_has_not_yet_committed_an_entry_from_its_current_term_reads_wait_until_it_has_done_so()
    {
        Server leader = Server.Leader(term: 3, log: [1, 2]);
        leader.Do(core => Assert.Equal(1ul, core.RequestRead()));
        leader.Step(Server.HeartbeatAnswer(2, term: 3));
        leader.Step(Server.HeartbeatAnswer(3, term: 3));
        Assert.Empty(leader.Reads);
        leader.Step(Server.AppendAnswer(2, term: 3, 3));
        leader.Step(Server.HeartbeatAnswer(2, term: 3, round: 1));
        Assert.Equal([new ConfirmedReads(1, 3)], leader.Reads);
    }

    /// <summary>Thesis §6.4, step 2: the read index is saved before the round, so that reads need not wait for writes that come later.</summary>
    [Fact]
    public void The_leader_saves_its_commit_index_as_the_read_index_when_the_round_begins()
    {
        Server leader = Committed();
        leader.Do(core => core.RequestRead());
        leader.Do(core => core.Propose("a"u8.ToArray()));
        leader.Step(Server.AppendAnswer(2, term: 2, 3));
        Assert.Equal(3ul, leader.Core.CommitIndex);
        leader.Step(Server.HeartbeatAnswer(3, term: 2, round: 1));
        Assert.Equal([new ConfirmedReads(1, 2)], leader.Reads);
    }

    /// <summary>Thesis §6.4: the cost of one round is shared by all reads that wait.</summary>
    [Fact]
    public void The_leader_amortizes_one_round_of_heartbeats_over_any_number_of_reads()
    {
        Server leader = Committed();
        leader.Do(core =>
        {
            for (int read = 0; read < 1000; read++) Assert.Equal(1ul, core.RequestRead());
        });
        Assert.Equal(2, leader.SentOf(MessageKind.Heartbeat).Count);
    }

    /// <summary>Thesis §6.4 with §4.3: in a joint configuration both majorities confirm.</summary>
    [Fact]
    public void In_a_joint_configuration_a_read_is_confirmed_by_both_majorities()
    {
        Server leader = Server.Leader(voters: 3, learners: [4, 5, 6]);
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        leader.Do(core => core.ProposeConfiguration(core.Configuration.EnterJoint([.. Enumerable.Range(4, 3).Select(Server.Id)])));
        leader.Do(core => core.RequestRead());
        leader.Step(Server.HeartbeatAnswer(2, term: 2, round: 1));
        leader.Step(Server.HeartbeatAnswer(4, term: 2, round: 1));
        Assert.Empty(leader.Reads);
        leader.Step(Server.HeartbeatAnswer(6, term: 2, round: 1));
        Assert.Single(leader.Reads);
    }

    /// <summary>Thesis §6.2: so that clients try another server.</summary>
    [Fact]
    public void A_leader_steps_down_if_an_election_timeout_elapses_without_a_successful_round_of_heartbeats_to_a_majority()
    {
        Server leader = Committed(voters: 5);
        for (int tick = 1; tick < Server.Options.MaxElectionTicks; tick++)
        {
            leader.Tick();
            leader.Step(Server.HeartbeatAnswer(2, term: 2)); // one of four is no majority
        }

        Assert.Equal(Role.Leader, leader.Core.Role);
        leader.Tick();
        Assert.Equal((Role.Follower, 2ul), (leader.Core.Role, leader.Core.Term));
    }

    /// <summary>Thesis §6.2, the other side: a majority that answers keeps it, for as long as it does.</summary>
    [Fact]
    public void A_leader_that_a_majority_answers_goes_on()
    {
        Server leader = Committed(voters: 5);
        for (int round = 0; round < 20; round++)
        {
            leader.Tick(Server.Options.MaxElectionTicks - 1);
            leader.Step(Server.HeartbeatAnswer(2, term: 2));
            leader.Step(Server.HeartbeatAnswer(3, term: 2));
        }

        Assert.Equal(Role.Leader, leader.Core.Role);
    }

    // A leader in term 2 whose no-op at 2 is committed.
    private static Server Committed(int voters = 3)
    {
        Server leader = Server.Leader(voters: voters);
        for (int follower = 2; follower <= (voters / 2) + 1; follower++) leader.Step(Server.AppendAnswer(follower, term: 2, 2));
        leader.Clear();
        return leader;
    }
}
