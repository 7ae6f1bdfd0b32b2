using Gache.Primitives;
using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Paper §6 and thesis chapter 4, cluster membership changes.</summary>
public sealed class MembershipTests
{
    /// <summary>Paper §6, thesis §4.1.</summary>
    [Fact]
    public void A_server_always_uses_the_latest_configuration_in_its_log_regardless_of_whether_the_entry_is_committed()
    {
        var server = new Server();
        Configuration next = server.Core.Configuration.WithLearnerOrAddresses(Group.MemberOf(4));
        var entry = new Entry(2, 2, EntryKind.Configuration, next.Encode());
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0) with { Entries = new[] { entry } });
        Assert.Equal((0ul, next), (server.Core.CommitIndex, server.Core.Configuration));
    }

    /// <summary>Thesis §4.1: a server must be able to fall back to the previous configuration.</summary>
    [Fact]
    public void If_the_entry_is_removed_from_the_log_the_server_falls_back_to_the_previous_configuration()
    {
        var server = new Server();
        Configuration before = server.Core.Configuration;
        var entry = new Entry(2, 2, EntryKind.Configuration, before.WithLearnerOrAddresses(Group.MemberOf(4)).Encode());
        server.Step(Server.Append(2, term: 2, 1, 1, commit: 0) with { Entries = new[] { entry } });
        server.Step(Server.Append(3, term: 3, 1, 1, commit: 0, 3));
        Assert.Equal((before, 1ul), (server.Core.Configuration, server.Core.ConfigurationIndex));
    }

    /// <summary>Paper §6, thesis §4.3: agreement for entry commitment needs separate majorities of old and new.</summary>
    [Theory]
    [InlineData(new[] { 2, 3 }, false)]
    [InlineData(new[] { 4, 5, 6 }, false)]
    [InlineData(new[] { 2, 4 }, false)]
    [InlineData(new[] { 2, 4, 5 }, true)]
    public void Agreement_for_entry_commitment_requires_separate_majorities_from_both_configurations(int[] replicatedOn, bool isCommitted)
    {
        Server leader = Joint();
        foreach (int follower in replicatedOn) leader.Step(Server.AppendAnswer(follower, term: 2, 4));
        Assert.Equal(isCommitted ? 4ul : 3ul, leader.Core.CommitIndex);
    }

    /// <summary>Paper §6, thesis §4.3: the same for elections.</summary>
    [Theory]
    [InlineData(new[] { 2, 3 }, false)]
    [InlineData(new[] { 4, 5, 6 }, false)]
    [InlineData(new[] { 3, 5, 6 }, true)]
    public void Agreement_for_elections_requires_separate_majorities_from_both_configurations(int[] granted, bool isElected)
    {
        Server server = Joint();
        server.Restart();
        server.TickUntilItStands();
        foreach (int voter in new[] { 2, 4, 5 }) server.Step(Server.VoteAnswer(voter, term: 3) with { Kind = MessageKind.PreVoteAnswer });
        Assert.Equal(Role.Candidate, server.Core.Role);
        foreach (int voter in granted) server.Step(Server.VoteAnswer(voter, term: 3));
        Assert.Equal(isElected ? Role.Leader : Role.Candidate, server.Core.Role);
    }

    /// <summary>Paper §6: log entries are replicated to all servers in both configurations.</summary>
    [Fact]
    public void Log_entries_are_replicated_to_all_servers_in_both_configurations()
    {
        Server leader = Joint();
        leader.Tick(Server.Options.HeartbeatTicks);
        Assert.Equal([2, 3, 4, 5, 6], leader.SentOf(MessageKind.Heartbeat).Select(m => (int)(ulong)m.To.Value).Order());
    }

    /// <summary>Paper §6, thesis §4.3: once the joint configuration is committed, the leader creates the entry of the new one.</summary>
    [Fact]
    public void Once_the_joint_configuration_is_committed_the_leader_appends_the_new_one()
    {
        Server leader = Joint();
        foreach (int follower in new[] { 2, 4, 5 }) leader.Step(Server.AppendAnswer(follower, term: 2, 4));
        Assert.Equal((5, EntryKind.Configuration), (leader.Entries.Count, leader.Entries[^1].Kind));
        Assert.Equal((false, 5ul), (leader.Core.Configuration.IsJoint, leader.Core.ConfigurationIndex));
    }

    /// <summary>Thesis §4.2.2: it manages a cluster that does not include itself, and does not count itself in majorities.</summary>
    [Fact]
    public void The_leader_steps_down_once_it_has_committed_the_new_configuration_which_leaves_it_out()
    {
        Server leader = Joint();
        foreach (int follower in new[] { 2, 4, 5 }) leader.Step(Server.AppendAnswer(follower, term: 2, 4));
        leader.Step(Server.AppendAnswer(4, term: 2, 5));
        Assert.Equal((Role.Leader, 4ul), (leader.Core.Role, leader.Core.CommitIndex)); // itself and 4 are not two of 4, 5, 6
        leader.Step(Server.AppendAnswer(5, term: 2, 5));
        Assert.Equal((Role.Follower, 5ul), (leader.Core.Role, leader.Core.CommitIndex));
        leader.Tick(3 * Server.Options.MaxElectionTicks);
        Assert.Equal(Role.Follower, leader.Core.Role);
    }

    /// <summary>Paper §6, thesis §4.2.3.</summary>
    [Fact]
    public void Servers_disregard_vote_requests_when_they_believe_a_current_leader_exists()
    {
        var server = new Server(term: 2);
        server.Step(Server.Heartbeat(2, term: 2));
        server.Clear();
        server.Tick(Server.Options.MinElectionTicks - 1);
        server.Step(Server.Vote(3, term: 9, 9, 8));
        Assert.Empty(server.Sent);
        Assert.Equal(2ul, server.Core.Term);
        server.Tick(); // a minimum election timeout after the leader was heard
        server.Step(Server.Vote(3, term: 9, 9, 8));
        Assert.False(server.SentOf(MessageKind.VoteAnswer)[0].IsRejected);
    }

    /// <summary>Thesis §4.2.3: the flag of a request that a leadership transfer caused.</summary>
    [Fact]
    public void A_vote_request_of_a_leadership_transfer_is_answered_although_a_leader_is_heard()
    {
        var server = new Server(term: 2);
        server.Step(Server.Heartbeat(2, term: 2));
        server.Clear();
        server.Step(Server.Vote(3, term: 3, 1, 1, isTransfer: true));
        Assert.False(Assert.Single(server.Sent).IsRejected);
    }

    /// <summary>Paper §6, thesis §4.2.1: replicated to, and not considered for majorities.</summary>
    [Fact]
    public void New_servers_join_as_non_voting_members()
    {
        Server leader = Server.Leader(voters: 3, learners: [4]);
        leader.Step(Server.AppendAnswer(4, term: 2, 2));
        Assert.Equal((0ul, 2ul), (leader.Core.CommitIndex, leader.Core.FindFollower(Server.Id(4))!.Value.Match));
        Server candidate = Server.Candidate(voters: 3, learners: [4]);
        Assert.DoesNotContain(candidate.SentOf(MessageKind.Vote), m => m.To == Server.Id(4));
        candidate.Step(Server.VoteAnswer(4, term: 2));
        Assert.Equal(Role.Candidate, candidate.Core.Role);
    }

    /// <summary>Thesis §4.1: a server that has not learnt of the newest configuration may be needed by it.</summary>
    [Fact]
    public void A_server_accepts_requests_from_a_leader_or_candidate_that_is_not_part_of_its_latest_configuration()
    {
        var server = new Server();
        server.Step(Server.Vote(7, term: 2, 1, 1));
        server.Step(Server.Append(8, term: 3, 1, 1, commit: 0, 3));
        Assert.Equal([false, false], server.Sent.Select(m => m.IsRejected));
        Assert.Equal([1, 3], server.Log);
    }

    /// <summary>Thesis §4.1, §4.3: changes are one at a time.</summary>
    [Fact]
    public void A_change_is_refused_until_the_one_before_is_committed()
    {
        Server leader = Server.Leader();
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        Configuration first = leader.Core.Configuration.WithLearnerOrAddresses(Group.MemberOf(4));
        Configuration second = first.WithLearnerOrAddresses(Group.MemberOf(5));
        leader.Do(core => Assert.Equal(3ul, core.ProposeConfiguration(first)));
        leader.Do(core => Assert.Equal(0ul, core.ProposeConfiguration(second)));
        leader.Step(Server.AppendAnswer(2, term: 2, 3));
        leader.Do(core => Assert.Equal(4ul, core.ProposeConfiguration(second)));
    }

    /// <summary>Thesis §4.1 as corrected later (raft-dev, July 2015): a new leader first commits an entry of its own term.</summary>
    [Fact]
    public void A_leader_begins_no_change_before_an_entry_of_its_own_term_is_committed()
    {
        Server leader = Server.Leader();
        Configuration next = leader.Core.Configuration.WithLearnerOrAddresses(Group.MemberOf(4));
        leader.Do(core => Assert.Equal(0ul, core.ProposeConfiguration(next)));
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        leader.Do(core => Assert.Equal(3ul, core.ProposeConfiguration(next)));
    }

    /// <summary>Thesis §4.3: arbitrary changes of voters go through a joint configuration; a caller that forgets it is wrong.</summary>
    [Fact]
    public void Voters_are_not_changed_without_a_joint_configuration()
    {
        Server leader = Server.Leader();
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        Assert.Throws<InvariantBrokenException>(() => leader.Core.ProposeConfiguration(Group.ConfigurationOf([1, 2])));
    }

    // A leader in term 2 of 1, 2, 3, with the joint configuration that leads to 4, 5, 6 at index 4 on its own disk only; 3 is committed.
    private static Server Joint()
    {
        Server leader = Server.Leader(voters: 3, learners: [4, 5, 6]);
        leader.Do(core => core.Propose("a"u8.ToArray()));
        foreach (int follower in new[] { 2, 3, 4, 5, 6 }) leader.Step(Server.AppendAnswer(follower, term: 2, 3));
        leader.Do(core => Assert.Equal(4ul, core.ProposeConfiguration(core.Configuration.EnterJoint([.. Enumerable.Range(4, 3).Select(Server.Id)]))));
        leader.Clear();
        return leader;
    }
}
