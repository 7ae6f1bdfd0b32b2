using System.Text;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>Keys that expire, on replicas: by the leader's time alone, at most 100 ms late while there is one, never early, on all at one index.</summary>
public sealed class ExpiryTests
{
    [Fact]
    public void A_key_is_gone_at_most_100_ms_late_though_nobody_writes_and_never_early()
    {
        using Room room = Room.OfVoters(3);
        for (int round = 0; round < 20; round++)
        {
            int ticks = 30 + 7 * round; // of 10 ms
            var ttl = TimeSpan.FromMilliseconds(10 * ticks);
            TimeSpan asked = room.Time.Now;
            Write(room, $"k{round}", ttl);
            TimeSpan answered = room.Time.Now;
            Assert.InRange(Left(room, $"k{round}") ?? 0, (ulong)(ttl - (answered - asked)).TotalMilliseconds, (ulong)ttl.TotalMilliseconds);
            while (Left(room, $"k{round}") is not null) room.Tick();
            Assert.True(room.Time.Now - asked >= ttl, "too early");
            Assert.InRange(room.Time.Now - answered - ttl, TimeSpan.FromMilliseconds(-20), TimeSpan.FromMilliseconds(100));
        }

        room.Until("all hold the same", () => room.Seats.Select(seat => (seat.Store.AppliedIndex, seat.Store.Checksum)).Distinct().Count() == 1);
        Assert.All(room.Seats, seat => Assert.Equal(0, seat.Store.KeyCount));
    }

    [Fact]
    public void Time_without_a_leader_is_not_counted_so_a_holder_can_renew()
    {
        using Room room = Room.OfVoters(3);
        Write(room, "lock", TimeSpan.FromSeconds(10));
        room.Tick(200);
        foreach (Seat seat in room.Seats) seat.Kill();
        room.Time.Advance(TimeSpan.FromHours(1));
        foreach (Seat seat in room.Seats) seat.Start();
        room.Until("one leads", () => room.Seats.Any(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Assert.InRange(Left(room, "lock") ?? 0, 6_000ul, 10_000ul);
        room.Until("it is over", () => Left(room, "lock") is null, withinTicks: 1_100);
    }

    [Fact]
    public void A_new_leader_goes_on_with_the_time_of_the_last_one()
    {
        using Room room = Room.OfVoters(3);
        Write(room, "lock", TimeSpan.FromSeconds(10));
        room.Tick(400); // heard by heartbeats, though nothing is written
        room.Leader.Kill();
        room.Until("another leads", () => room.Seats.Any(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Assert.InRange(Left(room, "lock") ?? 0, 4_000ul, 6_100ul);
    }

    [Fact]
    public void Many_that_are_over_at_once_go_in_a_moment_entry_by_entry()
    {
        using Room room = Room.OfVoters(1);
        Task<WriteAnswer>[] asked = [.. Enumerable.Range(0, 5_000).Select(i => room.Leader.Replica.WriteAsync(Set($"k{i}", TimeSpan.FromSeconds(30))).AsTask())];
        room.Answered(Task.WhenAll(asked), withinTicks: 2_000);
        ulong before = room.Leader.Core.LastIndex;
        Assert.Equal(5_000, room.Leader.Store.KeyCount);
        room.Time.Advance(TimeSpan.FromSeconds(31));
        room.Until("all are gone", () => room.Leader.Store.KeyCount == 0, withinTicks: 20);
        Assert.InRange(room.Leader.Core.LastIndex - before, 5ul, 10ul);
    }

    private static void Write(Room room, string key, TimeSpan ttl) => Assert.Null(room.Answered(room.Leader.Replica.WriteAsync(Set(key, ttl)).AsTask()).Refusal);

    private static byte[] Set(string key, TimeSpan ttl)
    {
        var draft = new CommandDraft(CommandKind.Set, key.Length, 1, new WriteOptions { TtlMilliseconds = (ulong)ttl.TotalMilliseconds });
        Encoding.ASCII.GetBytes(key).CopyTo(draft.Key);
        draft.Value.Span[0] = (byte)'v';
        return draft.Bytes;
    }

    /// <summary>What a read says is left of a key's time; null if there is no such key.</summary>
    private static ulong? Left(Room room, string key)
    {
        Task<ReadAnswer> asked = room.Leader.Replica.ReadAsync(Encoding.ASCII.GetBytes(key), ReadLevel.Stale).AsTask();
        room.Settle();
        using ReadAnswer answer = asked.Result;
        Assert.Null(answer.Refusal);
        return answer.IsFound ? answer.ExpiresInMilliseconds : null;
    }
}
