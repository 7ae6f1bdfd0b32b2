using System.Collections.Concurrent;
using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>The calls that this node makes: when, to whom, and what becomes of their ends. An error ends one exchange, never the loop.</summary>
internal sealed class Exchanges
{
    /// <summary>The most live peers a round.</summary>
    private const int MostPerRound = 3;

    /// <summary>One more peer a round for so many live ones: among few a change is with all of them soon enough, and each exchange wakes two nodes.</summary>
    private const int LiveForOneMore = 16;

    /// <summary>So long after a change as many are asked as among many.</summary>
    private static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(5);

    /// <summary>Exchanges under way at once; dead addresses take a second each.</summary>
    private const int MaxUnderWay = 16;

    /// <summary>Pushes under way at once.</summary>
    private const int MaxPushes = 64;

    private readonly GossipOptions options;
    private readonly ICalls calls;
    private readonly NodeTable table;
    private readonly Reconciler reconciler;
    private readonly Rumors rumors;
    private readonly PeerBook book;
    private readonly PeerChoice choice;
    private readonly GossipCounters counters;
    private readonly Func<GossipHeader, bool> isOfOurs;
    private readonly ConcurrentQueue<Ended> ended = new();
    private readonly HashSet<string> underWay = [];
    private readonly ByteWriter writer = new();
    private int pushes;
    private Roster? seenRoster;
    private TimeSpan busyUntil;
    private TimeSpan nextLive;
    private int livesThisRound;

    public Exchanges(GossipOptions options, ICalls calls, NodeTable table, Reconciler reconciler, Rumors rumors, PeerBook book,
        PeerChoice choice, GossipCounters counters, Func<GossipHeader, bool> isOfOurs)
    {
        (this.options, this.calls, this.table, this.reconciler) = (options, calls, table, reconciler);
        (this.rumors, this.book, this.choice, this.counters, this.isOfOurs) = (rumors, book, choice, counters, isOfOurs);
    }

    /// <summary>Told of each exchange that failed: the address, and in words why.</summary>
    public event Action<string, CallResult>? Failed;

    /// <summary>Begins what is due: the peers of a round one after another, spread over it, so that what one told can be asked of the next.</summary>
    public void Begin(TimeSpan now)
    {
        int live = choice.LiveCount;
        bool isAlone = live == 0;
        if (!ReferenceEquals(table.Roster, seenRoster)) (seenRoster, busyUntil) = (table.Roster, now + BusyFor);

        // Alone, whoever is there is to be found soon; and what changes is to be known soon.
        int perRound = isAlone || now < busyUntil ? MostPerRound : Math.Min(MostPerRound, 1 + (live / LiveForOneMore));
        TimeSpan every = options.Round / perRound;
        if (now - nextLive > options.Round) nextLive = now; // after a pause nothing is made up for
        for (; nextLive <= now; nextLive += every)
        {
            if (choice.NextLive() is { } peer) Begin(peer.Record!.ClusterAddress, peer.Id);
            if (isAlone) BeginLost(options.Round, options.Round, now);
            if (++livesThisRound < perRound) continue;
            livesThisRound = 0;
            if (choice.SometimesDead() is { } dead) Begin(dead.Record!.ClusterAddress, dead.Id);
            if (!isAlone) BeginLost(options.TryLostEvery, options.TryUnmetEvery, now);
        }
    }

    /// <summary>Pushes what changed, if it is time.</summary>
    public void Push(TimeSpan now)
    {
        if (!rumors.IsDue(now)) return;
        IReadOnlyList<KnownNode> changed = rumors.Take(table, now, options.PushEvery);
        if (changed.Count == 0) return;
        byte[] body = Bytes(reconciler.Push(changed, now).Write);
        foreach (KnownNode peer in choice.SomeLive(Rumors.Fanout))
        {
            if (pushes >= MaxPushes) break;
            pushes++;
            counters.Pushes++;
            Call(peer.Record!.ClusterAddress, peer.Id, CallKind.GossipDelta, body, Ended.Push);
        }
    }

    /// <summary>Takes the calls that have ended.</summary>
    public void TakeEnded(TimeSpan now)
    {
        while (ended.TryDequeue(out Ended? end))
        {
            if (end.IsPush) pushes--;
            else underWay.Remove(end.Address);
            if (end.Result.Outcome == CallOutcome.Answered)
            {
                counters.BytesReceived += end.Result.Body.Length;
                if (end.Question is { } question) TakeAnswer(end, question, now);
                else TakeDelta(end.Result.Body.Span, now);
                continue;
            }

            counters.Failures++;
            Failed?.Invoke(end.Address, end.Result);
        }
    }

    private void BeginLost(TimeSpan every, TimeSpan unmetEvery, TimeSpan now)
    {
        if (book.Next(choice.LiveAddresses(), every, unmetEvery, options.TryLostEvery, now) is { } address) Begin(address, default);
    }

    private void Begin(string address, NodeId peer)
    {
        if (underWay.Count >= MaxUnderWay || !underWay.Add(address)) return;
        counters.Exchanges++;
        DigestQuestion question = reconciler.Ask();
        Call(address, peer, CallKind.GossipDigest, Bytes(question.Write), new Ended(false, "", question, table.Roster, default));
    }

    private void TakeAnswer(Ended end, DigestQuestion question, TimeSpan now)
    {
        if (DigestAnswer.TryRead(end.Result.Body.Span) is not { } answer)
        {
            counters.Ignored++;
            return;
        }

        if (answer.Header.Sender == options.Node)
        {
            book.LedHere(end.Address);
            return;
        }

        book.HasAnswered(end.Address);
        if (!isOfOurs(answer.Header) || reconciler.TakeAnswer(end.Roster!, question, answer, now) is not { } delta) return;
        underWay.Add(end.Address);
        // With a name now: whoever gave the answer is to get the rest of it.
        Call(end.Address, answer.Header.Sender, CallKind.GossipDelta, Bytes(delta.Write), Ended.Delta);
    }

    private void TakeDelta(ReadOnlySpan<byte> body, TimeSpan now)
    {
        if (Delta.TryRead(body) is { } delta && isOfOurs(delta.Header)) reconciler.Take(delta, now);
        else counters.Ignored++;
    }

    private void Call(string address, NodeId peer, CallKind kind, byte[] body, Ended end)
    {
        counters.BytesSent += body.Length;
        calls.Call(address, peer, kind, body, options.AnswerWithin, result =>
        {
            ended.Enqueue(end with { Address = address, Result = result });
            options.Wake();
        });
    }

    private byte[] Bytes(Action<ByteWriter> write)
    {
        writer.ClearAndTrim(GossipLimits.MaxFrameBytes);
        write(writer);
        return writer.Written.ToArray();
    }

    /// <summary>A call that has ended, with what it was about.</summary>
    private sealed record Ended(bool IsPush, string Address, DigestQuestion? Question, Roster? Roster, CallResult Result)
    {
        public static readonly Ended Push = new(true, "", null, null, default);
        public static readonly Ended Delta = new(false, "", null, null, default);
    }
}
