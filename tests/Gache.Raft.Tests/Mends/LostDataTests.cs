using Xunit;

namespace Gache.Raft.Tests;

/// <summary>A member that lost what it had acknowledged, as with a folder from an old copy (P7): it is found, and believed in nothing.</summary>
public sealed class LostDataTests
{
    [Fact]
    public void Follower_that_goes_on_denying_what_it_acknowledged_is_declared_to_have_lost_it()
    {
        Server leader = Agreed();
        Deny(leader);
        Pass(leader, Server.Options.DenialTicks - 1);
        Deny(leader);
        Assert.False(Follower(leader).HasDenied); // a message may have been under way that long
        Pass(leader, 1);
        Assert.False(Follower(leader).HasDenied); // time alone says nothing
        Deny(leader);
        Assert.True(Follower(leader).HasDenied);
    }

    [Fact]
    public void Denial_that_an_acceptance_follows_was_only_late()
    {
        Server leader = Agreed();
        Deny(leader);
        Pass(leader, Server.Options.DenialTicks);
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        Deny(leader);
        Assert.False(Follower(leader).HasDenied);

        Pass(leader, Server.Options.DenialTicks);
        Deny(leader);
        Assert.True(Follower(leader).HasDenied);
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        Assert.False(Follower(leader).HasDenied);
    }

    [Fact]
    public void Leader_does_not_argue_with_a_denial_faster_than_heartbeats()
    {
        Server leader = Agreed();
        Deny(leader);
        Assert.Empty(leader.Sent);
        leader.Step(Server.HeartbeatAnswer(2, term: 2));
        Assert.Single(leader.SentOf(MessageKind.Append));
    }

    /// <summary>What stands at the leader's commit index here may have been replaced long ago, and the leader does not know that.</summary>
    [Fact]
    public void Heartbeat_commits_only_what_this_process_has_matched_with_its_leader()
    {
        var server = new Server(log: [1, 2, 2], term: 3);
        server.Step(Server.Heartbeat(2, term: 3, commit: 3));
        Assert.Equal(0ul, server.Core.CommitIndex);
        server.Step(Server.Append(2, term: 3, 2, 2, commit: 0));
        server.Step(Server.Heartbeat(2, term: 3, commit: 3));
        Assert.Equal(2ul, server.Core.CommitIndex);
        server.Step(Server.Append(2, term: 3, 3, 2, commit: 0));
        server.Step(Server.Heartbeat(2, term: 3, commit: 3));
        Assert.Equal(3ul, server.Core.CommitIndex);
    }

    /// <summary>What matched in an earlier term says nothing about the leader of this one.</summary>
    [Fact]
    public void Heartbeat_of_a_new_leader_commits_nothing_that_only_the_old_one_matched()
    {
        var server = new Server(log: [1, 2, 2], term: 3);
        server.Step(Server.Append(2, term: 3, 3, 2, commit: 0));
        server.Step(Server.Heartbeat(3, term: 4, commit: 3));
        Assert.Equal(0ul, server.Core.CommitIndex);
    }

    /// <summary>The owner judges by it what a member holds; also the answer to a stale leader is such a word.</summary>
    [Fact]
    public void Every_answer_to_a_heartbeat_tells_the_own_last_index()
    {
        var server = new Server(log: [1, 2, 2], term: 5);
        server.Step(Server.Heartbeat(2, term: 4));
        server.Step(Server.Heartbeat(3, term: 5));
        Assert.Equal([(true, 3ul), (false, 3ul)], server.Sent.Select(m => (m.IsRejected, m.LogIndex)));
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

    private static void Deny(Server leader) => leader.Step(Server.AppendAnswer(2, term: 2, 2) with { IsRejected = true, HintIndex = 1, HintTerm = 1 });

    private static void Pass(Server leader, int ticks)
    {
        for (int tick = 0; tick < ticks; tick++)
        {
            leader.Tick();
            leader.Step(Server.HeartbeatAnswer(2, term: 2));
        }
    }

    private static FollowerStatus Follower(Server leader) => leader.Core.FindFollower(Server.Id(2))!.Value;
}
