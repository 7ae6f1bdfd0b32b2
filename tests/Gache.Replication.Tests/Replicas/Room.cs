using System.Text;
using Gache.Log;
using Gache.Raft;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>A few replicas in one thread, with time, messages and disks in a test's hand: for histories that are told step by step.</summary>
internal sealed class Room : IDisposable
{
    public static readonly LogOptions LogSizes = new()
    {
        SegmentSize = 48 << 10, ZeroAhead = 8 << 10, MaxBatchBytes = 16 << 10, MaxEntryBytes = 8 << 10, MaxConfigurationBytes = 8 << 10, MaxBatchEntries = 64,
    };

    public static readonly RaftOptions CoreSizes = new() { MaxCacheBytes = 8 << 10 };

    public static readonly ReplicaOptions ReplicaSizes = new()
    {
        SnapshotAfterBytes = 32 << 10, KeptBeforeSnapshotBytes = 4 << 10, KeptSampleEvery = 16, ReservedDiskBytes = 0, ChecksumEvery = 64,
    };

    private readonly Queue<(Seat From, ulong Nonce, PeerMessage Message)> onTheWay = new();
    private ulong nonces;

    public Random Random { get; } = new(1);

    public VirtualTime Time { get; } = new(TimeSpan.FromDays(90));

    public List<Seat> Seats { get; } = [];

    /// <summary>What the network loses.</summary>
    public Func<Seat, Seat, PeerMessage, bool> Loses { get; set; } = static (_, _, _) => false;

    /// <summary>Seen of every message that is sent, also of those that are lost.</summary>
    public Action<Seat, PeerMessage> Sent { get; set; } = static (_, _) => { };

    public Seat Leader => Seats.Single(seat => seat.Leads);

    /// <summary>A shard with so many voters; the first leads.</summary>
    public static Room OfVoters(int count)
    {
        var room = new Room();
        Seat first = room.AddSeat();
        first.Found();
        room.Until("the first leads", () => first.Leads && first.Core.HasCommittedInTerm);
        for (int n = 2; n <= count; n++) room.Join(room.AddSeat());
        room.Until($"{count} vote", () => first.Core.Configuration is { IsJoint: false } all && all.Voters.Length == count && !first.Core.IsConfigurationChanging);
        return room;
    }

    public Seat AddSeat()
    {
        Seats.Add(new Seat(this, $"n{Seats.Count + 1}"));
        return Seats[^1];
    }

    public void Join(Seat seat)
    {
        JoinAnswer answer = Answered(seat.AskToJoin(Leader));
        Assert.Equal((null, JoinRefusal.None), (answer.Refusal, answer.Verdict));
        seat.StartAs(answer);
    }

    public ulong NextNonce() => ++nonces;

    /// <summary>Lets time pass, tick by tick, and everything happen that follows.</summary>
    public void Tick(int ticks = 1)
    {
        for (int i = 0; i < ticks; i++)
        {
            Time.Advance(ReplicaOptions.Tick);
            foreach (Seat seat in Seats)
            {
                if (seat.IsUp) seat.Replica.Tick();
            }

            Settle();
        }
    }

    /// <summary>Lets time pass until something is so.</summary>
    public void Until(string what, Func<bool> isSo, int withinTicks = 1_000)
    {
        for (int i = 0; !isSo(); i++)
        {
            Assert.True(i < withinTicks, $"after {withinTicks} ticks still not so: {what}");
            Tick();
        }
    }

    /// <summary>Lets time pass until something is answered.</summary>
    public T Answered<T>(Task<T> answer, int withinTicks = 1_000)
    {
        Until("it is answered", () => answer.IsCompleted, withinTicks);
        return answer.Result;
    }

    /// <summary>Everything that is on its way arrives, and every disk does what waits for it.</summary>
    public void Settle()
    {
        bool more = true;
        while (more)
        {
            more = false;
            foreach (Seat seat in Seats) more |= seat.IsUp && seat.Work();
            while (onTheWay.TryDequeue(out (Seat From, ulong Nonce, PeerMessage Message) next))
            {
                more = true;
                Seat? to = Seats.Find(seat => seat.IsUp && seat.Node == next.Message.To);
                if (to is null || Loses(next.From, to, next.Message)) continue;
                to.Replica.MessageArrived(next.Message, next.From.Node, next.Nonce);
            }
        }
    }

    /// <summary>Writes a key at the leader and waits for the acknowledgement.</summary>
    public void Write(string key, int valueBytes = 16)
    {
        Assert.Null(Answered(Leader.Replica.WriteAsync(Command.EncodeSet(Encoding.UTF8.GetBytes(key), new byte[valueBytes])).AsTask()).Refusal);
    }

    /// <summary>Writes until the seat has a snapshot after <paramref name="index"/>, and its log begins after it.</summary>
    public void WriteUntilSnapshotAt(Seat seat, ulong index)
    {
        for (int n = 0; seat.Core.SnapshotIndex <= index || seat.Core.FirstIndex <= index + 1; n++)
        {
            Assert.True(n < 5_000, "no snapshot was taken");
            Write($"k{n % 10}", valueBytes: 400);
        }
    }

    public void Post(Seat from, ulong nonce, PeerMessage message)
    {
        Sent(from, message);
        if (from.IsUp && from.Identity.Nonce == nonce) onTheWay.Enqueue((from, nonce, message));
    }

    public PeerIdentity? WhoIsAt(string raftAddress) => Seats.Find(seat => seat.RaftAddress == raftAddress)?.Identity;

    public void Connected(Seat seat)
    {
        foreach (Seat other in Seats.Where(other => other != seat && other.IsUp))
        {
            other.Replica.PeerConnected(seat.Node);
            seat.Replica.PeerConnected(other.Node);
        }
    }

    public void Disconnected(Seat seat)
    {
        foreach (Seat other in Seats.Where(other => other.IsUp)) other.Replica.PeerDisconnected(seat.Node);
    }

    public void Dispose()
    {
        foreach (Seat seat in Seats.Where(seat => seat.IsUp)) seat.Kill();
    }
}
