using Gache.Primitives;
using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Paper §5.2: a server votes for at most one candidate in a term; so it must remember, across a restart, for whom.</summary>
public sealed class VoteTests
{
    private static readonly NodeId Self = new(1), First = new(2), Second = new(3);

    [Fact]
    public void Paper_5_2_A_vote_is_remembered_across_a_restart() => Assert.False(SecondCandidateOfOneTermIsGranted());

#if DEBUG
    [Fact]
    public void A_vote_that_is_not_persisted_is_given_twice()
    {
        Planted.Active = PlantedFault.VoteNotPersisted;
        try
        {
            Assert.True(SecondCandidateOfOneTermIsGranted());
        }
        finally
        {
            Planted.Active = PlantedFault.None;
        }
    }
#endif

    private static bool SecondCandidateOfOneTermIsGranted()
    {
        RaftCore voter = Start(new HardState(1, default));
        Outputs asked = Ask(voter, First);
        Assert.NotNull(asked.HardState);
        Message answer = Assert.Single(asked.Messages);
        Assert.False(answer.IsRejected);
        Assert.Equal(asked.WriteNumber, answer.AfterWrite); // the vote waits for the disk (P2)

        RaftCore restarted = Start(asked.HardState.Value);
        return !Assert.Single(Ask(restarted, Second).Messages).IsRejected;
    }

    private static RaftCore Start(HardState hardState)
    {
        Member[] members = [.. new[] { Self, First, Second }.Select(id => new Member(id, $"r{id.Value}", $"a{id.Value}"))];
        var snapshot = new SnapshotMark(1, 1, new Configuration(members, members.Select(m => m.Id)));
        var start = new CoreStart { HardState = hardState, Snapshot = snapshot, BaseIndex = 1, BaseTerm = 1, LastIndex = 1 };
        return new RaftCore(Self, start, new RaftOptions(), new Random(1));
    }

    private static Outputs Ask(RaftCore voter, NodeId candidate)
    {
        voter.Step(new Message { Kind = MessageKind.Vote, From = candidate, To = Self, Term = 5, LogIndex = 1, LogTerm = 1 });
        var outputs = new Outputs();
        voter.Drain(outputs);
        return outputs;
    }
}
