using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Ways in which a follower and a leader whose log has a start once waited for each other for ever; found by random schedules.</summary>
public sealed class CompactedLogTests
{
    [Fact]
    public void Snapshot_whose_answer_was_lost_is_not_waited_for()
    {
        Server leader = NeedsSnapshot();
        leader.Step(Server.HeartbeatAnswer(3, term: 2) with { Commit = 3 }); // the follower says what it has committed: it has the snapshot
        Assert.False(Follower(leader).NeedsSnapshot);
        Message next = Assert.Single(leader.SentOf(MessageKind.Append));
        Assert.Equal((3ul, 1), (next.LogIndex, next.Entries.Length));
        Assert.Empty(leader.SnapshotsWanted);
    }

    [Fact]
    public void Snapshot_that_the_follower_does_not_have_yet_is_waited_for()
    {
        Server leader = NeedsSnapshot();
        leader.Step(Server.HeartbeatAnswer(3, term: 2) with { Commit = 2 });
        Assert.True(Follower(leader).NeedsSnapshot);
        Assert.Empty(leader.Sent);
        Assert.Empty(leader.SnapshotsWanted); // it is asked for once
    }

    [Fact]
    public void Snapshot_that_was_under_way_to_a_process_that_ended_is_sent_to_the_next()
    {
        Server leader = NeedsSnapshot();
        leader.Do(core => core.PeerConnected(Server.Id(3)));
        Assert.Equal([Server.Id(3)], leader.SnapshotsWanted);
    }

    [Fact]
    public void Follower_that_differs_at_the_logs_start_gets_a_snapshot_instead_of_the_same_question_for_ever()
    {
        Server leader = Server.Leader(term: 3, log: [1, 2, 2]);
        leader.Step(Server.AppendAnswer(2, term: 3, 4));
        Compact(leader, at: 3, term: 2);
        leader.Step(Server.AppendAnswer(3, term: 3, 3) with { IsRejected = true, HintIndex = 3, HintTerm = 1 });
        Assert.Equal([Server.Id(3)], leader.SnapshotsWanted);
        Assert.Empty(leader.SentOf(MessageKind.Append));
    }

    [Fact]
    public void Follower_whose_window_was_lost_and_compacted_gets_a_snapshot()
    {
        Server leader = Server.Leader();
        leader.Step(Server.AppendAnswer(2, term: 2, 2));
        leader.Step(Server.AppendAnswer(3, term: 2, 2));
        ulong last = 2;
        for (int proposal = 0; proposal < 2 * Server.Options.MaxInflightMessages; proposal++)
        {
            leader.Do(core => last = core.Propose("x"u8.ToArray()));
            leader.Step(Server.AppendAnswer(2, term: 2, last));
        }

        Compact(leader, at: last, term: 2);
        Assert.Empty(leader.SnapshotsWanted);
        leader.Step(Server.HeartbeatAnswer(3, term: 2));
        leader.Step(Server.HeartbeatAnswer(3, term: 2)); // no progress since
        Assert.Equal([Server.Id(3)], leader.SnapshotsWanted);
    }

    // A leader in term 2 with a snapshot at 3 and an entry at 4; 3 has been asked for a snapshot.
    private static Server NeedsSnapshot()
    {
        Server leader = Server.Leader();
        leader.Do(core => core.Propose("a"u8.ToArray()));
        leader.Do(core => core.Propose("b"u8.ToArray()));
        leader.Step(Server.AppendAnswer(2, term: 2, 4));
        Compact(leader, at: 3, term: 2);
        leader.Step(Server.AppendAnswer(3, term: 2, 1) with { IsRejected = true, HintIndex = 0, HintTerm = 0 });
        Assert.True(Follower(leader).NeedsSnapshot);
        leader.Clear();
        return leader;
    }

    private static void Compact(Server leader, ulong at, ulong term)
    {
        leader.Do(core => core.SnapshotTaken(new SnapshotMark(at, term, core.ConfigurationAt(at)), at + 1));
        leader.Clear();
    }

    private static FollowerStatus Follower(Server leader) => leader.Core.FindFollower(Server.Id(3))!.Value;
}
