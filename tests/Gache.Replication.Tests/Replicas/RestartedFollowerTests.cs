using Gache.Raft;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>P7 judges a new process of a member by what it says first; one that lost nothing must get its place back.</summary>
public sealed class RestartedFollowerTests
{
    /// <summary>It stood for election while the leader was not heard, and died before anybody but its own disk knew of the higher term.</summary>
    [Fact]
    public void A_follower_that_comes_back_with_a_higher_term_than_the_leaders_is_heard()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        ulong term = leader.Core.Term;
        room.Loses = (from, to, message) => from == leader || to == leader || message is CoreMessage { Message.Kind: MessageKind.Vote };
        room.Until("a follower stands", () => room.Seats.Exists(seat => seat.Core.Term > term));
        Seat standing = room.Seats.Single(seat => seat.Core.Term > term);
        standing.Kill();
        room.Loses = static (_, _, _) => false;
        room.Tick(10);
        Assert.Equal((leader, term), (room.Leader, leader.Core.Term)); // or the story is another

        standing.Start();
        room.Until("it follows", () => standing.Core.IsLeaderHeard && standing.Replica.AppliedIndex == room.Leader.Replica.AppliedIndex, withinTicks: 300);
        room.Write("after");
        room.Until("it gets what is new", () => room.Seats.TrueForAll(seat => seat.Replica.AppliedIndex == room.Leader.Replica.AppliedIndex), withinTicks: 100);
    }

    /// <summary>Its last index is high enough, what stands there is another's: it is only the leader's probes that bring it to light.</summary>
    [Fact]
    public void A_member_that_keeps_denying_what_it_acknowledged_is_replaced()
    {
        using Room room = Room.OfVoters(3);
        (Seat leader, Seat liar) = (room.Leader, room.Seats[2]);
        room.Write("acknowledged");
        ulong matched = leader.Core.FindFollower(liar.Node)!.Value.Match;
        liar.Kill();
        bool isTold = false;
        ulong nonce = room.NextNonce();
        room.Sent = (from, message) =>
        {
            if (from != leader || message.To != liar.Node) return;
            if (message is LostDataNotice) isTold = true;
            if (message is not CoreMessage { Message: { Kind: MessageKind.Heartbeat or MessageKind.Append } asked }) return;
            bool isAppend = asked.Kind == MessageKind.Append;
            leader.Replica.MessageArrived(new CoreMessage
            {
                To = leader.Node,
                Message = new Message
                {
                    Kind = isAppend ? MessageKind.AppendAnswer : MessageKind.HeartbeatAnswer, From = liar.Node, To = leader.Node, Term = asked.Term,
                    Round = asked.Round, IsRejected = isAppend, LogIndex = isAppend ? asked.LogIndex : matched + 50, HintIndex = 1, HintTerm = 1,
                },
            }, liar.Node, nonce);
        };
        leader.Replica.PeerConnected(liar.Node);

        room.Until("it is no member any more", () => leader.Core.Configuration is { IsJoint: false } now && now.Find(liar.Node) is null, withinTicks: 1_000);
        Assert.True(isTold);
    }
}
