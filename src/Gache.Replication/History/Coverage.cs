using Gache.Store;

namespace Gache.Replication;

/// <summary>Neighbouring slots that this shard serves, and since when the history knows their changes.</summary>
/// <param name="First">The first slot.</param>
/// <param name="Last">The last slot, included.</param>
/// <param name="Epoch">At which epoch they are served.</param>
/// <param name="Begin">Changes after this revision are known, if they were not trimmed.</param>
/// <param name="IsWhole">Whether that is all of the epoch.</param>
internal readonly record struct OpenRun(int First, int Last, ulong Epoch, ulong Begin, bool IsWhole);

/// <summary>A slot that this shard served until it was handed over, or kept at a later epoch.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Epoch">At which epoch.</param>
/// <param name="Begin">As in <see cref="OpenRun"/>.</param>
/// <param name="IsWhole">As in <see cref="OpenRun"/>.</param>
/// <param name="End">The shard's last change before the epoch was over.</param>
/// <param name="Next">The epoch that follows: no other can lie between the two.</param>
internal readonly record struct EndedEpoch(int Slot, ulong Epoch, ulong Begin, bool IsWhole, ulong End, ulong Next);

/// <summary>Which slots' changes a history knows, and from where on. Immutable.</summary>
/// <remarks>
/// Revisions of two shards cannot be compared, epochs can: each belongs to one shard. So a place in a slot's changes is (epoch, revision), and a
/// reader who has come to an epoch's end goes on with the next one's beginning, wherever that is.
/// </remarks>
internal sealed class Coverage
{
    /// <summary>The bound on epochs that are over; the earliest is forgotten first.</summary>
    public const int MaxEnded = Slot.Count;

    private readonly OpenRun[] open;
    private readonly EndedEpoch[] ended; // by slot, then epoch

    private Coverage(OpenRun[] open, EndedEpoch[] ended) => (this.open, this.ended) = (open, ended);

    /// <summary>The slots that are served, in order.</summary>
    public IReadOnlyList<OpenRun> Open => open;

    /// <summary>What is known right after a state was loaded: nothing but what comes.</summary>
    public static Coverage Of(KeyValueStore store)
    {
        var runs = new List<OpenRun>();
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            SlotState state = store.SlotAt(slot);
            if (state.IsServed) Add(runs, new OpenRun(slot, slot, state.Epoch, store.Revision, store.Revision == 0));
        }

        return new Coverage([.. runs], []);
    }

    /// <summary>The run that a slot is in; null if it is not served.</summary>
    public OpenRun? Find(int slot)
    {
        int at = IndexOf(slot);
        return at < open.Length && open[at].First <= slot ? open[at] : null;
    }

    /// <summary>What is known once a slot's state changed.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="before">What it was.</param>
    /// <param name="after">What it is.</param>
    /// <param name="last">The shard's last change.</param>
    /// <returns>This one where nothing changed for a reader.</returns>
    public Coverage With(int slot, in SlotState before, in SlotState after, ulong last)
    {
        if (before.IsServed == after.IsServed && (!after.IsServed || before.Epoch == after.Epoch)) return this;
        OpenRun? known = Find(slot);
        bool isKept = before.Phase == SlotPhase.Leaving && after.Phase == SlotPhase.Keeping;
        EndedEpoch[] over = ended;
        if (known is { } run && (isKept || after.Phase == SlotPhase.Handed)) over = Ended(new EndedEpoch(slot, run.Epoch, run.Begin, run.IsWhole, last, after.Epoch));
        else if (before.IsServed && after.IsServed) over = [.. ended.Where(epoch => epoch.Slot != slot)]; // a recovery: what was before may be lost

        // Whole is what began here before our eyes: brought by a move, or kept.
        bool isWhole = isKept || before.Phase == SlotPhase.Importing;
        return new Coverage(After(slot, after.IsServed ? new OpenRun(slot, slot, after.Epoch, last, isWhole) : null), over);
    }

    /// <summary>Cuts a reader's places into pieces that are alike to this history.</summary>
    /// <param name="places">What the reader has seen of which slots; in order, without overlap.</param>
    /// <param name="trimmed">Changes up to this revision may be gone.</param>
    public List<HistoryPiece> Match(IReadOnlyList<SlotPlace> places, ulong trimmed)
    {
        var pieces = new List<HistoryPiece>();
        foreach (SlotPlace place in places)
        {
            int at = IndexOf(place.First);
            int over = EndedFrom(place.First);
            for (int slot = place.First; slot <= place.Last;)
            {
                while (at < open.Length && open[at].Last < slot) at++;
                OpenRun? run = at < open.Length && open[at].First <= slot ? open[at] : null;
                int last = Math.Min(place.Last, run?.Last ?? (at < open.Length ? open[at].First - 1 : Slot.Count - 1));

                // Only epochs from the reader's own on can matter to it.
                while (over < ended.Length && (ended[over].Slot < slot || (ended[over].Slot <= last && ended[over].Epoch < place.Epoch))) over++;
                EndedEpoch? epoch = null;
                if (over < ended.Length && ended[over].Slot <= last)
                {
                    if (ended[over].Slot == slot) (epoch, last) = (ended[over], slot);
                    else last = ended[over].Slot - 1;
                }

                pieces.Add(Judge(slot, last, place, run, epoch, trimmed));
                slot = last + 1;
            }
        }

        return pieces;
    }

    private static HistoryPiece Judge(int first, int last, SlotPlace place, OpenRun? run, EndedEpoch? epoch, ulong trimmed)
    {
        var piece = new HistoryPiece(first, last, place.Epoch, place.Revision, PieceFate.Unknown, place.Epoch, place.Revision);
        if (run is { } served && served.Epoch == place.Epoch)
        {
            return IsCovered(served.Begin, served.IsWhole)
                ? piece with { Fate = PieceFate.Served, From = Math.Max(place.Revision, served.Begin) }
                : piece with { Fate = PieceFate.Compacted };
        }

        if (epoch is { } over && over.Epoch == place.Epoch)
        {
            return place.Revision >= over.End || IsCovered(over.Begin, over.IsWhole)
                ? piece with { Fate = PieceFate.Over, From = Math.Max(place.Revision, over.Begin), End = over.End, Next = over.Next }
                : piece with { Fate = PieceFate.Compacted };
        }

        bool isPassed = run?.Epoch > place.Epoch || epoch?.Epoch > place.Epoch;
        return isPassed ? piece with { Fate = PieceFate.Passed } : piece;

        bool IsCovered(ulong begin, bool isWhole) => Math.Max(begin, trimmed) <= place.Revision || (isWhole && begin >= trimmed && place.Revision <= begin);
    }

    private static void Add(List<OpenRun> runs, OpenRun next)
    {
        if (runs.Count > 0 && runs[^1] is { } last && last.Last == next.First - 1 && last with { First = next.First, Last = next.Last } == next)
            runs[^1] = last with { Last = next.Last };
        else runs.Add(next);
    }

    private OpenRun[] After(int slot, OpenRun? now)
    {
        var runs = new List<OpenRun>(open.Length + 2);
        bool isAdded = now is null;
        foreach (OpenRun run in open)
        {
            if (!isAdded && run.First > slot) AddNow();
            if (slot < run.First || slot > run.Last)
            {
                Add(runs, run);
                continue;
            }

            if (run.First < slot) Add(runs, run with { Last = slot - 1 });
            if (!isAdded) AddNow();
            if (run.Last > slot) Add(runs, run with { First = slot + 1 });
        }

        if (!isAdded) AddNow();
        return [.. runs];

        void AddNow()
        {
            Add(runs, now!.Value);
            isAdded = true;
        }
    }

    private EndedEpoch[] Ended(EndedEpoch epoch)
    {
        var list = new List<EndedEpoch>(ended.Length + 1);
        list.AddRange(ended);
        if (list.Count >= MaxEnded)
        {
            int earliest = 0;
            for (int i = 1; i < list.Count; i++)
            {
                if (list[i].End < list[earliest].End) earliest = i;
            }

            list.RemoveAt(earliest);
        }

        int at = 0;
        while (at < list.Count && (list[at].Slot < epoch.Slot || (list[at].Slot == epoch.Slot && list[at].Epoch < epoch.Epoch))) at++;
        list.Insert(at, epoch);
        return [.. list];
    }

    /// <summary>The first run that ends at the slot or behind it.</summary>
    private int IndexOf(int slot)
    {
        (int low, int high) = (0, open.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (open[middle].Last < slot) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private int EndedFrom(int slot)
    {
        (int low, int high) = (0, ended.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ended[middle].Slot < slot) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
