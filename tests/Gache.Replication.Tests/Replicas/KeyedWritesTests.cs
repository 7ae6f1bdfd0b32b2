using System.Text;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>Answers kept for repeats, as replicas keep them: in a bounded number, until the log says that their time is over.</summary>
public sealed class KeyedWritesTests
{
    private const int Most = 20;

    [Fact]
    public void Beyond_the_bound_a_keyed_write_is_refused_a_repeat_and_others_go_on_and_time_makes_room_again()
    {
        using Room room = Room.OfVoters(3);
        foreach (Seat seat in room.Seats) seat.Options = Room.ReplicaSizes with { MaxIdempotencyRecords = Most };
        foreach (Seat seat in room.Seats.ToList())
        {
            seat.Kill();
            seat.Start();
        }

        room.Until("one leads", () => room.Seats.Any(seat => seat.Leads && seat.Core.HasCommittedInTerm));

        // Asked at once, so that what is under way counts as well.
        Task<WriteAnswer>[] asked = [.. Enumerable.Range(0, Most + 5).Select(i => room.Leader.Replica.WriteAsync(Keyed(i)).AsTask())];
        WriteAnswer[] answers = room.Answered(Task.WhenAll(asked));
        Assert.All(answers[..Most], answer => Assert.Null(answer.Refusal));
        Assert.All(answers[Most..], answer => Assert.Equal(RefusalCode.IdempotencyFull, answer.Refusal?.Code));
        Assert.Equal(answers[3], Write(room, 3));
        room.Write("plain");

        // Nobody writes: the leader itself tells the time.
        room.Time.Advance(TimeSpan.FromMinutes(12));
        room.Until("all have forgotten", () => room.Seats.TrueForAll(seat => seat.Store.IdempotencyCount == 0), withinTicks: 50);
        Assert.Null(Write(room, Most).Refusal);
        room.Until("all hold the same", () => room.Seats.Select(seat => (seat.Store.AppliedIndex, seat.Store.Checksum)).Distinct().Count() == 1);
    }

    [Fact]
    public void A_repeat_at_the_next_leader_gets_the_first_answer()
    {
        using Room room = Room.OfVoters(3);
        WriteAnswer first = Write(room, 1);
        Assert.Equal(1, first.Number);
        Seat from = room.Leader;
        from.Kill();
        room.Until("another leads", () => room.Seats.Any(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Assert.NotSame(from, room.Leader);
        Assert.Equal(first, Write(room, 1));
        Assert.Equal(first, Write(room, 1));
    }

    [Fact]
    public void While_nothing_is_over_the_leader_appends_no_time()
    {
        using Room room = Room.OfVoters(1);
        Write(room, 1);
        ulong last = room.Leader.Core.LastIndex;
        room.Time.Advance(TimeSpan.FromMinutes(9));
        room.Tick(500);
        Assert.Equal(last, room.Leader.Core.LastIndex);
    }

    private static WriteAnswer Write(Room room, int number) => room.Answered(room.Leader.Replica.WriteAsync(Keyed(number)).AsTask());

    private static byte[] Keyed(int number)
    {
        byte[] key = "c"u8.ToArray();
        var options = new WriteOptions { Counter = new CounterTerms(1), IdempotencyKey = Encoding.ASCII.GetBytes($"name{number}") };
        var draft = new CommandDraft(CommandKind.Add, key.Length, 0, options);
        key.CopyTo(draft.Key);
        draft.Seal();
        return draft.Bytes;
    }
}
