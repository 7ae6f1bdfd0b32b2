using Gache.Primitives;
using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Paper §5.3, log replication.</summary>
public sealed class ReplicationTests
{
    /// <summary>Paper §5.3, first paragraph.</summary>
    [Fact]
    public void The_leader_appends_the_command_as_a_new_entry_and_sends_it_in_parallel_to_each_of_the_other_servers()
    {
        Server leader = Agreed();
        leader.Do(core => Assert.Equal(3ul, core.Propose("a"u8.ToArray())));
        Assert.Equal([2, 3], leader.SentOf(MessageKind.Append).Select(m => (int)(ulong)m.To.Value).Order());
        Assert.All(leader.Sent, m =>
        {
            Entry entry = Assert.Single(m.Entries.ToArray());
            Assert.Equal((3ul, 2ul, EntryKind.Command), (entry.Index, entry.Term, entry.Kind));
            Assert.Equal("a"u8.ToArray(), entry.Payload.ToArray());
        });
    }

    /// <summary>Paper §5.3, third paragraph.</summary>
    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    public void A_log_entry_is_committed_once_the_leader_has_replicated_it_on_a_majority_of_the_servers(int voters, int needed)
    {
        Server leader = Server.Leader(voters: voters);
        for (int follower = 2; follower <= needed; follower++) leader.Step(Server.AppendAnswer(follower, term: 2, 2));
        Assert.Equal(0ul, leader.Core.CommitIndex);
        leader.Step(Server.AppendAnswer(needed + 1, term: 2, 2));
        Assert.Equal(2ul, leader.Core.CommitIndex);
    }

    /// <summary>Paper §5.3, third paragraph.</summary>
    [Theory]
    [InlineData(new ulong[] { 1, 1 })]
    [InlineData(new ulong[] { 1, 2 })]
    [InlineData(new ulong[] { 1, 1, 2, 2 })]
    public void This_also_commits_all_preceding_entries_including_entries_created_by_previous_leaders(ulong[] log)
    {
        Server leader = Server.Leader(term: 3, log);
        ulong own = (ulong)log.Length + 1;
        leader.Step(Server.AppendAnswer(2, term: 3, own));
        Assert.Equal((own, own), (leader.Core.CommitIndex, leader.Core.ApplyLimit));
    }

    /// <summary>Paper §5.3, third paragraph.</summary>
    [Fact]
    public void The_leader_includes_the_highest_index_it_knows_to_be_committed_in_future_requests()
    {
        Server leader = Agreed();
        leader.Do(core => core.Propose("a"u8.ToArray()));
        Assert.All(leader.SentOf(MessageKind.Append), m => Assert.Equal(2ul, m.Commit));
        leader.Step(Server.AppendAnswer(2, term: 2, 3));
        leader.Clear();
        leader.Tick(Server.Options.HeartbeatTicks);
        Assert.Equal([(2, 3ul), (3, 2ul)], leader.SentOf(MessageKind.Heartbeat).Select(m => ((int)(ulong)m.To.Value, m.Commit))); // never above what 3 has
    }

    /// <summary>Paper §5.3, third paragraph; of a request's commit index only what its entries reach is known to agree (figure 2).</summary>
    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(9, 3)]
    public void Once_a_follower_learns_that_an_entry_is_committed_it_applies_it(ulong told, ulong committed)
    {
        var server = new Server(log: [1, 1, 1, 1], term: 1);
        server.Step(Server.Append(2, term: 2, 2, 1, commit: told, 2));
        Assert.Equal((committed, committed), (server.Core.CommitIndex, server.Core.ApplyLimit));
    }

    /// <summary>Paper §5.3, the consistency check.</summary>
    [Theory]
    [InlineData(5, 1)] // nothing there
    [InlineData(3, 3)] // another term there
    public void If_the_follower_does_not_find_the_preceding_entry_it_refuses_the_new_entries(ulong after, ulong afterTerm)
    {
        var server = new Server(log: [1, 1, 2]);
        server.Step(Server.Append(2, term: 4, after, afterTerm, commit: 9, 4));
        Message answer = Assert.Single(server.Sent);
        Assert.Equal((true, after), (answer.IsRejected, answer.LogIndex));
        Assert.Equal([1, 1, 2], server.Log);
        Assert.Equal(0ul, server.Core.CommitIndex);
    }

    /// <summary>Paper §5.3: the log matching property is kept by removing conflicting entries, and those alone.</summary>
    [Theory]
    [InlineData(1, 1, new ulong[] { 3 }, new ulong[] { 1, 3 })]
    [InlineData(2, 1, new ulong[] { 3, 3 }, new ulong[] { 1, 1, 3, 3 })]
    [InlineData(3, 2, new ulong[] { 3 }, new ulong[] { 1, 1, 2, 3 })]
    [InlineData(1, 1, new ulong[] { 1 }, new ulong[] { 1, 1, 2 })] // an old request, shorter than the log, takes nothing away
    [InlineData(1, 1, new ulong[] { 1, 2, 3 }, new ulong[] { 1, 1, 2, 3 })]
    public void Conflicting_entries_in_follower_logs_are_overwritten_with_entries_from_the_leaders_log(
        ulong after, ulong afterTerm, ulong[] entries, ulong[] result)
    {
        var server = new Server(log: [1, 1, 2]);
        server.Step(Server.Append(2, term: 3, after, afterTerm, commit: 0, entries));
        Assert.Equal(result, server.Log);
        Assert.False(Assert.Single(server.Sent).IsRejected);
    }

    /// <summary>Paper §5.3, next to last paragraph. Another that leads in the same term would be against election safety: it ends the process.</summary>
    [Fact]
    public void A_leader_never_overwrites_or_deletes_entries_in_its_own_log()
    {
        Server leader = Server.Leader();
        Assert.Throws<InvariantBrokenException>(() => leader.Step(Server.Append(2, term: 2, 1, 1, commit: 0, 2, 2)));
        Assert.Equal([1, 2], leader.Log);
    }

    /// <summary>Paper §5.3.</summary>
    [Fact]
    public void After_a_rejection_the_leader_decrements_next_index_and_retries_until_the_logs_match()
    {
        Server leader = Server.Leader(term: 5, log: [1, 1, 4, 4]);
        ulong refused = 4;
        foreach (ulong hint in new ulong[] { 2, 1 })
        {
            leader.Clear();
            leader.Step(Server.AppendAnswer(2, term: 5, refused) with { IsRejected = true, HintIndex = hint, HintTerm = 1 });
            Message retry = Assert.Single(leader.Sent);
            Assert.Equal((hint, 1ul, hint + 1), (retry.LogIndex, retry.LogTerm, retry.Entries.Span[0].Index));
            refused = hint;
        }

        leader.Step(Server.AppendAnswer(2, term: 5, 5));
        Assert.Equal(5ul, leader.Core.FindFollower(Server.Id(2))!.Value.Match);
    }

    /// <summary>Paper §5.3, first paragraph. It asks at the pace of heartbeats, and never gives up.</summary>
    [Fact]
    public void If_packets_are_lost_the_leader_retries_indefinitely()
    {
        Server leader = Server.Leader();
        for (int round = 0; round < 200; round++)
        {
            leader.Clear();
            leader.Step(Server.HeartbeatAnswer(2, term: 2));
            Message again = Assert.Single(leader.SentOf(MessageKind.Append), m => m.To == Server.Id(2));
            Assert.Equal(2ul, Assert.Single(again.Entries.ToArray()).Index);
        }
    }

    /// <summary>Thesis §10.2.1: it may even commit what is not in its own stable storage yet, and applies it later (P2).</summary>
    [Fact]
    public void The_leader_counts_itself_only_when_the_entry_is_in_its_own_stable_storage()
    {
        Server leader = Agreed();
        leader.IsDiskSlow = true;
        leader.Do(core => core.Propose("a"u8.ToArray()));
        leader.Step(Server.AppendAnswer(2, term: 2, 3));
        Assert.Equal(2ul, leader.Core.CommitIndex);
        leader.Step(Server.AppendAnswer(3, term: 2, 3));
        Assert.Equal((3ul, 2ul), (leader.Core.CommitIndex, leader.Core.ApplyLimit));
        leader.Sync();
        Assert.Equal(3ul, leader.Core.ApplyLimit);
    }

    // A leader in term 2 whose no-op at 2 both followers have.
    private static Server Agreed()
    {
        Server leader = Server.Leader();
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        leader.Step(Server.AppendAnswer(3, term: 2, 2));
        leader.Clear();
        return leader;
    }
}
