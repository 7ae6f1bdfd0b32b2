using Gache.Raft;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>What a replica knows of how far it is behind; see <c>/readyz</c>.</summary>
public sealed class FreshnessTests
{
    [Fact]
    public void A_joiner_denies_no_key_before_it_has_what_the_shard_had_when_it_came()
    {
        using Room room = Room.OfVoters(1);
        room.Write("a");
        Seat joiner = room.AddSeat();
        room.Loses = (_, to, message) => to == joiner && message is CoreMessage { Message.Entries.Length: > 0 };
        room.Join(joiner);
        room.Tick(50);

        ReplicaStatus status = joiner.Replica.Status;
        Assert.True(status.IsLeaderHeard && !status.HasCaughtUp);
        Assert.True(status.ShardCommitIndex >= room.Leader.Core.CommitIndex, $"{status.ShardCommitIndex} of {room.Leader.Core.CommitIndex}");
        Assert.Equal(RefusalCode.NotServing, ReadStale(joiner).Refusal?.Code);

        room.Loses = static (_, _, _) => false;
        room.Until("it has caught up", () => joiner.Replica.Status.HasCaughtUp);
        Assert.True(ReadStale(joiner) is { Refusal: null, IsFound: true });
    }

    /// <summary>Its heartbeats come, its entries do not: its own commit index stands still and looks as if nothing happened.</summary>
    [Fact]
    public void A_follower_whose_entries_are_lost_knows_how_far_the_others_are()
    {
        using Room room = Room.OfVoters(3);
        Seat follower = room.Seats[2];
        room.Tick(200);
        ulong before = follower.Core.CommitIndex;
        room.Loses = (_, to, message) => to == follower && message is CoreMessage { Message.Kind: MessageKind.Append };
        for (int n = 0; n < 20; n++) room.Write($"k{n}"); // fewer bytes than lead to a fixed index
        ulong committed = room.Leader.Core.CommitIndex;
        room.Tick(50);

        ReplicaStatus status = follower.Replica.Status;
        Assert.Equal((before, committed), (status.CommitIndex, status.ShardCommitIndex));

        room.Tick(150);
        Assert.Equal(committed, follower.Replica.Status.ShardCommitIndexSecondAgo);
    }

    /// <summary>A restarted member whose log was never snapshotted starts with an empty store, too.</summary>
    [Fact]
    public void A_restarted_member_without_a_snapshot_denies_no_key_before_it_knows_what_is_committed()
    {
        using Room room = Room.OfVoters(3);
        room.Write("a");
        room.Seats[2].Kill();
        room.Seats[1].Kill();
        room.Until("nobody leads", () => !room.Seats.Exists(seat => seat.Leads));
        room.Seats[0].Kill();
        room.Seats[0].Start();
        room.Tick(50);
        Assert.Equal(RefusalCode.NotServing, ReadStale(room.Seats[0]).Refusal?.Code);

        room.Seats[1].Start();
        room.Until("it has caught up", () => room.Seats[0].Replica.Status.HasCaughtUp);
        Assert.True(ReadStale(room.Seats[0]) is { Refusal: null, IsFound: true });
    }

    private static ReadAnswer ReadStale(Seat seat)
    {
        Task<ReadAnswer> answer = seat.Replica.ReadAsync("a"u8.ToArray(), ReadLevel.Stale).AsTask();
        Assert.True(answer.IsCompleted);
        return answer.Result;
    }
}
