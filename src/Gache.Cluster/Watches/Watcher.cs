using Gache.Replication;

namespace Gache.Cluster;

/// <summary>One watch: reads what follows its place out of the shards' histories, whichever have it, and tells it to its client.</summary>
public sealed class Watcher : IDisposable
{
    private const long LeastRoom = WatchBounds.MaxInFlightBytes;

    private readonly Watches owner;
    private readonly Lock gate = new(); // seats, signals and room; the rest belongs to the one that runs it
    private readonly Dictionary<ShardFeed, Seat> seats = [];
    private readonly List<SlotPlace> lost = [];
    private List<Run> runs;
    private TaskCompletionSource? waiting;
    private IWatchSink? sink;
    private bool isSignalled;
    private bool isProgressDue;
    private bool isGone;
    private bool isLeft;
    private bool isQueued;    // for room
    private long room;        // that it has
    private ShardFeed? asker; // for whose read that is; null: for the search
    private long searchRoom = LeastRoom; // that the search needs
    private WatchEnd? closing;
    private long sendingSince;
    private long homelessSince; // by ticks: some slot has no shard; 0: each has one
    private long toldAt;
    private long searchAt;
    private int wantsTick;
    private long turns;

    internal Watcher(Watches owner, WatchFilter filter, IEnumerable<SlotPlace> places)
    {
        (this.owner, Filter) = (owner, filter);
        runs = [.. places.Select(place => new Run(place, null))];
        toldAt = owner.Ticks;
    }

    /// <summary>What is watched.</summary>
    public WatchFilter Filter { get; }

    /// <summary>Tells changes until the client goes, the node stops, or the history does not reach back.</summary>
    public async Task<WatchEnd> RunAsync(IWatchSink to)
    {
        ArgumentNullException.ThrowIfNull(to);
        sink = to;
        await owner.ElsewhereAsync().ConfigureAwait(false); // all that it may read at once is nothing for the thread that brings requests
        try
        {
            return await TellAsync(to).ConfigureAwait(false);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>The client has gone; from any thread.</summary>
    public void GiveUp()
    {
        lock (gate) isGone = true;
        Signal();
    }

    /// <summary>Gives its place to others.</summary>
    public void Dispose()
    {
        long left;
        lock (gate)
        {
            if (isLeft) return;
            isLeft = true;
            (left, room) = (room, 0);
        }

        owner.Room.Leave(this, left);
        owner.Index.Remove(this);
        foreach (ShardFeed feed in seats.Keys) feed.Detach();
    }

    /// <summary>Since which tick the client has taken nothing of that for which this holds room; 0: it holds none, or has gone.</summary>
    internal long InTheWaySince
    {
        get
        {
            lock (gate) return isGone || room == 0 ? 0 : sendingSince;
        }
    }

    /// <summary>The client takes nothing: it knows how far it has come. Once only, and not where it has gone by itself.</summary>
    internal void CutOff()
    {
        lock (gate)
        {
            if (isGone || isLeft) return;
            isGone = true;
        }

        sink?.Abort();
        Signal();
    }

    /// <summary>There is room for it; called by whoever left some.</summary>
    /// <returns>False if it has left: the room is not taken.</returns>
    internal bool Grant(long bytes)
    {
        lock (gate)
        {
            if (isLeft) return false;
            (isQueued, room) = (false, bytes);
        }

        Signal();
        return true;
    }

    /// <summary>The node stops, or the like.</summary>
    internal void Close(WatchEnd why)
    {
        lock (gate) closing ??= why;
        Signal();
    }

    /// <summary>Nothing is to be read of a shard before it is woken; called by the feed.</summary>
    internal void Rest(ShardFeed feed)
    {
        lock (gate)
        {
            if (seats.TryGetValue(feed, out Seat? seat)) seat.Rests = true;
        }
    }

    /// <summary>Up to this revision nothing concerned it, if it rests; called by the feed.</summary>
    internal void Skip(ShardFeed feed, ulong revision, bool wakes)
    {
        lock (gate)
        {
            if (!seats.TryGetValue(feed, out Seat? seat) || !seat.Rests) return;
            seat.SkipTo = Math.Max(seat.SkipTo, revision);
            if (!wakes) return;
            seat.Rests = false;
        }

        Signal();
    }

    /// <summary>Time passed: whoever waits for that goes on.</summary>
    internal void Tick()
    {
        if (Interlocked.Exchange(ref wantsTick, 0) != 0) Signal();
    }

    /// <summary>Looks whether its client is to be told something, or takes nothing any more; called now and then.</summary>
    internal void Look(long tick)
    {
        long since = Volatile.Read(ref sendingSince);
        if (since != 0 && tick - since > WatchBounds.InTicks(WatchBounds.Stalled))
        {
            CutOff();
            return;
        }

        long homeless = Volatile.Read(ref homelessSince);
        bool isUnheard = homeless != 0 && tick - homeless > WatchBounds.InTicks(WatchBounds.Unheard);

        bool isDue = tick - Volatile.Read(ref toldAt) >= WatchBounds.InTicks(WatchBounds.Progress);
        lock (gate)
        {
            foreach ((ShardFeed feed, Seat seat) in seats)
            {
                isDue |= feed.Aged > seat.Told;
                isUnheard |= feed.IsUnheard || (seat.UnansweredSince != 0 && tick - seat.UnansweredSince > WatchBounds.InTicks(WatchBounds.Unheard));
            }

            if (isUnheard) closing ??= WatchEnd.Unheard;
            if (!isUnheard && (!isDue || since != 0)) return;
            isProgressDue = true;
        }

        Signal();
    }

    /// <summary>Finds a history for each slot without reading anything; looks again for some time before it is said that none can be told of.</summary>
    internal async Task<SearchEnd> ProbeAsync()
    {
        long until = owner.Ticks + WatchBounds.InTicks(WatchBounds.Doubt);
        SearchEnd end;
        while ((end = await SearchAsync(probes: true).ConfigureAwait(false)) == SearchEnd.Unsure && owner.Ticks < until && !owner.IsStopping)
        {
            while (owner.Ticks < searchAt && !owner.IsStopping) await owner.NextTickAsync().ConfigureAwait(false);
        }

        searchAt = 0;
        return end;
    }

    private async Task<WatchEnd> TellAsync(IWatchSink to)
    {
        bool isTaken = await TellsAsync(to.ReadyAsync(Cursor())).ConfigureAwait(false);
        while (isTaken)
        {
            NoteHomeless();
            (bool hasGone, WatchEnd? end, bool tellsProgress, bool searches, ShardFeed? feed) = Next();
            if (hasGone) break;
            if (end is { } why)
            {
                BringForward();
                await to.CloseAsync(why, Cursor()).ConfigureAwait(false);
                return why;
            }

            if (searches)
            {
                if (await SearchAsync(probes: false).ConfigureAwait(false) == SearchEnd.Lost) Close(WatchEnd.Compacted);
            }
            else if (tellsProgress)
            {
                BringForward();
                isTaken = await TellsAsync(to.ProgressAsync(Cursor())).ConfigureAwait(false);
            }
            else if (feed is not null)
            {
                if (await ReadAsync(feed, ofHomelessOnly: false, probes: false).ConfigureAwait(false) == Reading.NotNow) WaitForTick(feed);
            }
            else
            {
                if (homelessSince != 0) Volatile.Write(ref wantsTick, 1);
                await WaitAsync().ConfigureAwait(false);
            }
        }

        return WatchEnd.Gone;
    }

    /// <summary>What is to be done next.</summary>
    private (bool HasGone, WatchEnd? End, bool TellsProgress, bool Searches, ShardFeed? Feed) Next()
    {
        long unwanted = 0;
        lock (gate)
        {
            if (isGone || closing is not null) return (isGone, closing, false, false, null);
            if (isProgressDue)
            {
                isProgressDue = false;
                return (false, null, true, false, null);
            }

            if (isQueued) return default; // there is no room to read into
            if (room > 0)
            {
                // It was given for one read: another one, of a shard that is busier, must not take it away.
                if (asker is null ? homelessSince != 0 : seats.TryGetValue(asker, out Seat? first) && !first.Rests) return (false, null, false, asker is null, asker);
                (unwanted, room) = (room, 0);
            }
        }

        owner.Room.Release(unwanted);
        lock (gate)
        {
            if (homelessSince != 0 && owner.Ticks >= searchAt) return (false, null, false, true, null);

            // The one that was read longest ago: a shard that is busy must not keep the others from being read.
            (ShardFeed? Feed, Seat? Seat) next = default;
            foreach ((ShardFeed feed, Seat seat) in seats)
            {
                if (seat.Rests) continue;
                if (seat.NotBefore > owner.Ticks) Volatile.Write(ref wantsTick, 1);
                else if (next.Seat is null || seat.Turn < next.Seat.Turn) next = (feed, seat);
            }

            return (false, null, false, false, next.Feed);
        }
    }

    private bool IsHomeless => runs.Exists(run => run.Feed is null);

    private void NoteHomeless()
    {
        if (!IsHomeless) Volatile.Write(ref homelessSince, 0);
        else if (homelessSince == 0) Volatile.Write(ref homelessSince, Math.Max(1, owner.Ticks));
    }

    /// <summary>Asks all shards for what follows the places that no shard is known to have, the likely ones first.</summary>
    private async Task<SearchEnd> SearchAsync(bool probes)
    {
        if (!probes && !HasRoom(null)) return SearchEnd.GoesOn;
        searchAt = owner.Ticks + WatchBounds.SearchEveryTicks;
        SearchEnd end = await AskEveryShardAsync(probes).ConfigureAwait(false);
        LeavesRoom(Reading.Nothing); // it was for all shards
        return end;
    }

    private async Task<SearchEnd> AskEveryShardAsync(bool probes)
    {
        lost.Clear();
        bool isAnyFound = false;
        foreach (ShardFeed feed in owner.FeedsFor(runs.Where(run => run.Feed is null).Select(run => run.Place)))
        {
            if (!IsHomeless || isGone) return SearchEnd.GoesOn;
            Reading reading = await ReadAsync(feed, ofHomelessOnly: true, probes).ConfigureAwait(false);
            if (reading == Reading.NoRoom) return SearchesAgain();
            isAnyFound |= reading == Reading.Found;
        }

        if (GoesOn(isAnyFound, probes)) return SearchEnd.GoesOn;
        return await AskEveryMemberAsync(probes).ConfigureAwait(false);
    }

    /// <summary>At once, with as much room as it turned out to need.</summary>
    private SearchEnd SearchesAgain()
    {
        searchAt = 0;
        return SearchEnd.GoesOn;
    }

    /// <summary>Some shard's member no longer has what follows: only if none has it that may, it is gone.</summary>
    private async Task<SearchEnd> AskEveryMemberAsync(bool probes)
    {
        lost.Clear();
        bool haveAllSaid = !owner.HasJustBegun && owner.MayJudge;
        bool isAnyFound = false;
        foreach (ShardFeed feed in owner.FeedsFor(runs.Where(run => run.Feed is null).Select(run => run.Place)))
        {
            ShardMembers members = owner.MembersOf(feed.Shard);
            haveAllSaid &= !members.IsAnyMissed;
            foreach (ClusterPeer? member in (IEnumerable<ClusterPeer?>)[.. members.IsHere ? [null] : Array.Empty<ClusterPeer?>(), .. members.Alive])
            {
                if (!IsHomeless || isGone) return SearchEnd.GoesOn;
                Reading reading = await ReadAsync(feed, ofHomelessOnly: true, probes, (places, bytes) => member is null
                    ? Task.FromResult(owner.ReadHere(feed.Shard, Filter, places, bytes))
                    : owner.ReadAtAsync(feed.Shard, member, Filter, places, bytes)).ConfigureAwait(false);
                if (reading == Reading.NoRoom) return SearchesAgain();
                haveAllSaid &= reading != Reading.NotNow;
                isAnyFound |= reading == Reading.Found;
            }
        }

        if (GoesOn(isAnyFound, probes)) return SearchEnd.GoesOn;
        return haveAllSaid ? SearchEnd.Lost : SearchEnd.Unsure;
    }

    private bool GoesOn(bool isAnyFound, bool probes)
    {
        if (isAnyFound) searchAt = 0; // a slot came to the end of an epoch: the next one is looked for at once
        bool isAnyLost = runs.Exists(run => run.Feed is null && lost.Exists(place => Overlap(place, run.Place)));
        return !isAnyLost || (isAnyFound && !probes);
    }

    private static bool Overlap(SlotPlace lost, SlotPlace place) =>
        lost.First <= place.Last && place.First <= lost.Last && (lost.Epoch, lost.Revision) == (place.Epoch, place.Revision);

    /// <summary>Reads and tells what follows some places.</summary>
    /// <param name="feed">Of which shard.</param>
    /// <param name="ofHomelessOnly">Of slots that no shard is known to have; else also of those that this one has.</param>
    /// <param name="probes">Whether nothing is read: only whether it could be.</param>
    /// <param name="ask">Asks one member; null: whoever answers soonest.</param>
    private async Task<Reading> ReadAsync(ShardFeed feed, bool ofHomelessOnly, bool probes, Func<List<SlotPlace>, int, Task<HistoryAnswer?>>? ask = null)
    {
        if (!ofHomelessOnly && !HasRoom(feed)) return Reading.NoRoom; // the search has its own
        if (ofHomelessOnly) feed.BringForward(this, wakes: true); // what is found here is read together with the rest from now on
        TakeSkips(feed);
        bool IsAsked(Run run) => run.Feed is null || (run.Feed == feed && !ofHomelessOnly);
        List<SlotPlace> places = [.. runs.Where(IsAsked).Select(run => run.Place)];
        if (places.Count == 0) return Leaves(Reading.Nothing);
        int bytes = probes ? 0 : WatchBounds.MaxInFlightBytes;
        HistoryAnswer? answer = await (ask is null ? owner.ReadAsync(feed.Shard, Filter, places, bytes) : ask(places, bytes)).ConfigureAwait(false);
        if (!ofHomelessOnly) NoteAnswered(feed, answer is not null);
        if (answer is null) return Leaves(Reading.NotNow);

        List<(Run Run, HistoryPiece? Piece)> parts = Join(IsAsked, answer.Pieces);
        if (answer.Changes.Length > 0)
        {
            if (!FitsInto(ofHomelessOnly ? null : feed, answer.Changes.Length)) return Reading.NoRoom; // read again when it is its turn
            var batch = new WatchBatch(owner.Cluster, parts.Select(part => (part.Run.Place, part.Piece?.IsRead == true)), answer.Changes, NoteSending);
            bool isTaken = await TellsAsync(sink!.SendAsync(batch)).ConfigureAwait(false);
            if (!isTaken)
            {
                GiveUp();
                return Leaves(Reading.Nothing);
            }
        }

        Leaves(Reading.Nothing);
        bool isFound = Apply(feed, parts, IsAsked);
        TakeSeats();
        if (answer.Changes.Length > 0) NoteTold();
        if (!ofHomelessOnly && answer.IsAtEnd && feed.TryRest(this, answer.Id, answer.Offset) == RestAnswer.OtherHistory) WaitForTick(feed);
        return isFound ? Reading.Found : Reading.Nothing;

        Reading Leaves(Reading reading)
        {
            if (ofHomelessOnly) return reading; // and goes on at the next shard
            lock (gate) seats[feed].Turn = ++turns;
            return LeavesRoom(reading);
        }
    }

    private void NoteAnswered(ShardFeed feed, bool isAnswered)
    {
        lock (gate)
        {
            Seat seat = seats[feed];
            if (isAnswered) seat.UnansweredSince = 0;
            else if (seat.UnansweredSince == 0) seat.UnansweredSince = Math.Max(1, owner.Ticks);
        }
    }

    /// <summary>Whether there is room for what it is about to read; if not it stands in the queue for that, and is woken.</summary>
    /// <param name="feed">Of which shard; null: of any, in search of homeless slots' histories.</param>
    private bool HasRoom(ShardFeed? feed)
    {
        long wanted;
        lock (gate)
        {
            if (room > 0 || isQueued) return room > 0;
            (isQueued, asker) = (true, feed); // before it is in the queue: it may be its turn at once
            wanted = feed is null ? searchRoom : seats[feed].Room;
        }

        if (!owner.Room.TryTake(this, wanted, owner.Ticks)) return Volatile.Read(ref room) > 0;
        lock (gate) (isQueued, room) = (false, wanted);
        return true;
    }

    /// <summary>Makes its room that of an answer; without more room it gives up what it has, and asks for all of it the next time.</summary>
    private bool FitsInto(ShardFeed? feed, int answerBytes)
    {
        long needed = feed is null ? Math.Max(answerBytes, room) : answerBytes; // the search reads on with it
        long more = needed - room;
        bool fits = more <= 0 || owner.Room.TryAdd(more);
        lock (gate)
        {
            long next = fits ? LeastRoom : needed;
            if (feed is null) searchRoom = next;
            else seats[feed].Room = next;
        }

        if (!fits)
        {
            LeavesRoom(Reading.NoRoom);
            return false;
        }

        lock (gate) room = needed;
        if (more < 0) owner.Room.Release(-more);
        return true;
    }

    private Reading LeavesRoom(Reading reading)
    {
        long left;
        lock (gate) (left, room) = (room, 0);
        owner.Room.Release(left);
        return reading;
    }

    /// <summary>The runs, cut where an answer's pieces end.</summary>
    private List<(Run Run, HistoryPiece? Piece)> Join(Func<Run, bool> isAsked, IReadOnlyList<HistoryPiece> pieces)
    {
        var parts = new List<(Run, HistoryPiece?)>(Math.Max(runs.Count, pieces.Count));
        int next = 0;
        foreach (Run run in runs)
        {
            int first = run.Place.First;
            while (isAsked(run) && next < pieces.Count && pieces[next].First <= run.Place.Last)
            {
                // Runs that stand at the same place are one in the question, and so may be one piece in the answer.
                HistoryPiece piece = pieces[next];
                (int from, int to) = (Math.Max(first, piece.First), Math.Min(run.Place.Last, piece.Last));
                if (from <= to && (piece.Epoch, piece.Revision) == (run.Place.Epoch, run.Place.Revision))
                {
                    if (from > first) parts.Add((run with { Place = run.Place with { First = first, Last = from - 1 } }, null));
                    parts.Add((run with { Place = run.Place with { First = from, Last = to } }, piece));
                    first = to + 1;
                }

                if (piece.Last > run.Place.Last) break; // the next run has the rest of it
                next++;
            }

            if (first <= run.Place.Last) parts.Add((run with { Place = run.Place with { First = first } }, null));
        }

        return parts;
    }

    /// <summary>Goes to where the answer led.</summary>
    /// <returns>Whether a slot found its shard, or came to an epoch's end.</returns>
    private bool Apply(ShardFeed feed, List<(Run Run, HistoryPiece? Piece)> parts, Func<Run, bool> wasAsked)
    {
        bool isFound = false;
        var now = new List<Run>(parts.Count);
        foreach ((Run run, HistoryPiece? piece) in parts)
        {
            Run next = run;
            if (piece is { IsRead: true } read)
            {
                bool isOver = read.EpochAfter != read.Epoch;
                next = new Run(run.Place with { Epoch = read.EpochAfter, Revision = read.RevisionAfter }, isOver ? null : feed);
                isFound |= isOver || run.Feed != feed;
            }
            else if (wasAsked(run))
            {
                next = run with { Feed = null };
                if (piece is { Fate: PieceFate.Compacted or PieceFate.Passed }) lost.Add(run.Place);
            }

            if (now.Count > 0 && now[^1] is { } last && last.Place.Last + 1 == next.Place.First && last with { Place = next.Place } == next
                && (last.Place.Epoch, last.Place.Revision) == (next.Place.Epoch, next.Place.Revision))
                now[^1] = last with { Place = last.Place with { Last = next.Place.Last } };
            else now.Add(next);
        }

        runs = now;
        return isFound;
    }

    private void TakeSeats()
    {
        foreach (Run run in runs)
        {
            if (run.Feed is not { } feed || seats.ContainsKey(feed)) continue;
            feed.Attach();
            lock (gate) seats.Add(feed, new Seat { Told = runs.Where(other => other.Feed == feed).Min(other => other.Place.Revision) });
        }

        ShardFeed[] left = [.. seats.Keys.Where(feed => !runs.Exists(run => run.Feed == feed))];
        foreach (ShardFeed feed in left)
        {
            lock (gate) seats.Remove(feed);
            feed.Detach();
        }
    }

    /// <summary>Nothing up to there concerned it: its place goes on all the same.</summary>
    private void TakeSkips(ShardFeed feed)
    {
        ulong to;
        lock (gate)
        {
            if (!seats.TryGetValue(feed, out Seat? seat) || seat.SkipTo == 0) return;
            (to, seat.SkipTo) = (seat.SkipTo, 0);
        }

        for (int i = 0; i < runs.Count; i++)
        {
            if (runs[i].Feed == feed && runs[i].Place.Revision < to) runs[i] = runs[i] with { Place = runs[i].Place with { Revision = to } };
        }
    }

    private void BringForward()
    {
        ShardFeed[] all;
        lock (gate) all = [.. seats.Keys];
        foreach (ShardFeed feed in all)
        {
            feed.BringForward(this, wakes: false);
            TakeSkips(feed);
        }
    }

    private string Cursor() => WatchCursor.Encode(owner.Cluster, runs.Select(run => run.Place));

    private async ValueTask<bool> TellsAsync(ValueTask<bool> telling)
    {
        bool isTakenAtOnce = telling.IsCompleted;
        NoteSending();
        bool isTaken = await telling.ConfigureAwait(false);
        Volatile.Write(ref sendingSince, 0);
        if (!isTakenAtOnce) await owner.ElsewhereAsync().ConfigureAwait(false); // whoever told that has other clients' bytes to send
        NoteTold();
        return isTaken && !isGone;
    }

    private void NoteSending() => Volatile.Write(ref sendingSince, Math.Max(1, owner.Ticks));

    private void NoteTold()
    {
        Volatile.Write(ref toldAt, owner.Ticks);
        lock (gate)
        {
            foreach ((ShardFeed feed, Seat seat) in seats)
            {
                seat.Told = ulong.MaxValue;
                foreach (Run run in runs)
                {
                    if (run.Feed == feed) seat.Told = Math.Min(seat.Told, run.Place.Revision);
                }
            }
        }
    }

    private void WaitForTick(ShardFeed feed)
    {
        lock (gate)
        {
            if (seats.TryGetValue(feed, out Seat? seat)) seat.NotBefore = owner.Ticks + 1;
        }
    }

    private Task WaitAsync()
    {
        lock (gate)
        {
            if (isSignalled)
            {
                isSignalled = false;
                return Task.CompletedTask;
            }

            waiting = new TaskCompletionSource();
            return waiting.Task;
        }
    }

    private void Signal()
    {
        TaskCompletionSource? woken;
        lock (gate)
        {
            (woken, waiting) = (waiting, null);
            isSignalled = woken is null;
        }

        if (woken is not null) owner.Run(woken.SetResult);
    }

    private enum Reading
    {
        Nothing,
        Found,
        NotNow,
        NoRoom,
    }

    /// <summary>What was seen of some slots, and which shard's history goes on from there; none while it is looked for.</summary>
    private readonly record struct Run(SlotPlace Place, ShardFeed? Feed);

    /// <summary>A place among those who are told of a shard's news.</summary>
    private sealed class Seat
    {
        public bool Rests { get; set; }

        public ulong SkipTo { get; set; }

        public long NotBefore { get; set; }

        /// <summary>Since which tick nobody has answered what it asked; 0: somebody has.</summary>
        public long UnansweredSince { get; set; }

        /// <summary>That the next read needs.</summary>
        public long Room { get; set; } = LeastRoom;

        /// <summary>When it was read last, among all turns.</summary>
        public long Turn { get; set; }

        /// <summary>The earliest revision of the cursor that the client has.</summary>
        public ulong Told { get; set; } = ulong.MaxValue;
    }
}

/// <summary>What became of a search for histories.</summary>
internal enum SearchEnd
{
    /// <summary>Each slot has one, or may still find one.</summary>
    GoesOn,

    /// <summary>Nobody who answered has what follows, and somebody who may have it did not answer.</summary>
    Unsure,

    /// <summary>All who may have it have said that they have not.</summary>
    Lost,
}
