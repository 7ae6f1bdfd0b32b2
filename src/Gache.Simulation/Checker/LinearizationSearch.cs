namespace Gache.Simulation;

/// <summary>
/// Looks for an order of one key's operations that respects real time and explains every answer (Wing and Gong 1993; the undo list and the
/// memory of configurations seen are Lowe's, 2017).
/// </summary>
/// <remarks>
/// What keeps it near linear: changes can only stand in the order of their revisions; a read that fits now never fits better later, as it
/// changes nothing; and a write of which nothing is known (its effect is optional, at any time after it was asked) is tried only where the
/// next answer needs it, all such writes of one kind being alike, so that the one asked first is as good as any.
/// </remarks>
internal sealed class LinearizationSearch
{
    private readonly KeyHistory key;
    private readonly Item[] items;
    private readonly ulong[] changes; // the revisions of the known changes, in the only order possible
    private readonly HashSet<Configuration> seen = [];
    private readonly Stack<Choice> done = [];
    private State state;
    private UInt128 taken; // names the set of items taken, by the sum of their random numbers
    private Operation? deepest;
    private int deepestCount = -1;

    private LinearizationSearch(KeyHistory key)
    {
        this.key = key;
        changes = [.. key.Writes.Where(w => w.IsKnownChange).Select(w => w.Revision).Order()];
        IEnumerable<(Operation Operation, long By, ulong Revision)> all =
            key.Writes.Select(w => (w.Operation, w.EffectiveBy, w.Revision))
                .Concat(key.Reads.Concat(key.Declined).Select(r => (r, r.Completed, r.Revision)));
        var random = new SeededRandom(1);
        items = [.. all.OrderBy(a => a.Operation.Invoked).Select(a => new Item(a.Operation, a.By, a.Revision, Draw(random)))];
        Link();
    }

    private Entry Head { get; } = new(null, 0);

    /// <summary>A violation if no order explains the key's history.</summary>
    public static Violation? Check(KeyHistory key)
    {
        var search = new LinearizationSearch(key);
        return search.Run() ? null : new("not linearizable", search.Explain());
    }

    private bool Run()
    {
        Choice? after = null;
        while (Head.Next is not null)
        {
            if (TryForward(after)) after = null;
            else if (TryBack() is Choice undone) after = undone;
            else return false;
        }

        return true;
    }

    /// <summary>Takes the first item that fits among those that may stand next, going on after <paramref name="after"/>.</summary>
    private bool TryForward(Choice? after)
    {
        long firstReturn = FirstReturn();
        bool isPast = after is null;
        for (Phase phase = after?.Phase ?? Phase.Reads; phase <= Phase.AfterOpenWrite; phase++)
        {
            for (Entry? entry = Head.Next; entry is { Item: Item item, IsCall: true }; entry = entry.Next)
            {
                if (isPast && TryTake(item, phase, firstReturn)) return true;
                if (!isPast) isPast = item == after!.Value.Item;
            }
        }

        return false;
    }

    private bool TryTake(Item item, Phase phase, long firstReturn)
    {
        if (phase <= Phase.Writes && (item.Operation.Kind == OperationKind.Read) != (phase == Phase.Reads)) return false;
        State reached = state;
        if (phase == Phase.AfterExpiry && !reached.Expire(item)) return false;
        if (phase == Phase.AfterOpenWrite && !reached.TakeOpenWrite(item, key, firstReturn)) return false;
        if (!reached.Take(item, changes)) return false;
        if (phase != Phase.Reads && !seen.Add(new Configuration(taken + item.Number, reached))) return false;

        done.Push(new Choice(item, phase, state));
        state = reached;
        taken += item.Number;
        item.Unlink();
        if (done.Count > deepestCount) (deepestCount, deepest) = (done.Count, item.Operation);
        return true;
    }

    /// <summary>Undoes the last step that had an alternative; null if there was none.</summary>
    private Choice? TryBack()
    {
        while (done.TryPop(out Choice undone))
        {
            state = undone.Before;
            taken -= undone.Item.Number;
            undone.Item.Relink();
            if (undone.Phase != Phase.Reads) return undone;
        }

        return null;
    }

    private long FirstReturn()
    {
        for (Entry? entry = Head.Next; entry is not null; entry = entry.Next)
        {
            if (!entry.IsCall) return entry.At;
        }

        return Operation.Never;
    }

    private void Link()
    {
        Entry last = Head;
        foreach (Entry entry in items.SelectMany(i => new[] { i.Call, i.Return }).OrderBy(e => e.At).ThenBy(e => e.IsCall ? 0 : 1))
        {
            last.Next = entry;
            entry.Previous = last;
            last = entry;
        }
    }

    private static UInt128 Draw(SeededRandom random) => new(random.NextUInt64(), random.NextUInt64());

    private string Explain()
    {
        IEnumerable<Operation> all = items.Select(i => i.Operation).OrderBy(o => o.Invoked);
        long around = deepest?.Invoked ?? 0; // where the search came furthest
        string near = string.Join("\n  ", all.Where(o => o.Completed >= around - 20).Take(24));
        return $"no order of the {items.Length} certain operations of {key.Key} (and {key.OpenSets.Count + key.OpenDeletes.Count} unknown ones) "
            + $"explains every answer; the longest one has {Math.Max(deepestCount, 0)}, ending near\n  {near}";
    }

    /// <summary>What is tried at each step, in this order.</summary>
    private enum Phase
    {
        /// <summary>A read that fits: there is no better time for it, so this has no alternative.</summary>
        Reads,

        /// <summary>A write that fits.</summary>
        Writes,

        /// <summary>Anything that fits once the key's time was over.</summary>
        AfterExpiry,

        /// <summary>Anything that fits once an unknown write took effect right before it.</summary>
        AfterOpenWrite,
    }

    /// <summary>What a step took and what was before it.</summary>
    private readonly record struct Choice(Item Item, Phase Phase, State Before);

    private readonly record struct Configuration(UInt128 Taken, State State);

    /// <summary>The key's register, how many changes stand already, and how many of the unknown writes were used.</summary>
    /// <remarks>After an unknown write that nobody saw, the revision is only the least one possible, until an answer tells it.</remarks>
    private record struct State(bool Exists, long Value, ulong Revision, bool IsLeast, TimeSpan Due, int Changes, int OpenDeletes, int OpenSets)
    {
        /// <summary>The key's time is over, if it can have been before the item was answered; false if it is not needed.</summary>
        public bool Expire(Item item)
        {
            if (!Exists || item.Needs != false || Due == TimeSpan.Zero || item.Operation.CompletedAt < Due) return false;
            (Exists, Value, Due) = (false, 0, TimeSpan.Zero);
            Revision++; // at least
            return true;
        }

        /// <summary>Uses an unknown write to bring about what the next item needs; false if none can or none is needed.</summary>
        public bool TakeOpenWrite(Item item, KeyHistory key, long firstReturn)
        {
            if (item.Needs is not bool exists || (exists == Exists && (!exists || item.NeedsRevision is not ulong wanted || wanted == Revision))) return false;
            List<long> open = exists ? key.OpenSets : key.OpenDeletes;
            int used = exists ? OpenSets : OpenDeletes;
            if (used >= open.Count || open[used] > firstReturn) return false;
            if (exists) OpenSets++;
            else OpenDeletes++;
            Exists = exists;
            Value = 0; // nobody saw it
            Revision++; // at least
            IsLeast = true;
            Due = TimeSpan.Zero; // where it can be over, it stands among the open deletes as well
            return true;
        }

        /// <summary>The key is there with this revision, as an answer says; false if it cannot be.</summary>
        private bool Has(ulong revision, ulong[] changes)
        {
            if (!Exists) return false;
            if (!IsLeast) return Revision == revision;
            if (revision < Revision || (Changes < changes.Length && revision >= changes[Changes])) return false;
            (Revision, IsLeast) = (revision, false);
            return true;
        }

        public bool Take(Item item, ulong[] changes)
        {
            Operation operation = item.Operation;
            if (operation.Kind == OperationKind.Read)
                return operation.IsFound == Exists && (!Exists || (operation.Value == Value && operation.Revision == Revision));
            if (item.Needs is bool exists && exists != Exists) return false;
            if (item.NeedsRevision is ulong revision && !Has(revision, changes)) return false;
            if (operation.Outcome == Outcome.Declined) return true;
            if (operation.Kind == OperationKind.Delete && !operation.IsFound)
            {
                if (item.Revision < Revision || (Changes < changes.Length && item.Revision >= changes[Changes])) return false;
                Revision = item.Revision;
                return true;
            }

            if (changes[Changes] != item.Revision || item.Revision <= Revision) return false;
            Changes++;
            Revision = item.Revision;
            IsLeast = false;
            Due = operation.Ttl > TimeSpan.Zero ? operation.InvokedAt + operation.Ttl : TimeSpan.Zero;
            Exists = operation.WritesValue;
            Value = operation.WritesValue ? operation.Value : 0;
            return true;
        }
    }

    /// <summary>An operation in the list of calls and returns.</summary>
    private sealed class Item
    {
        public Item(Operation operation, long by, ulong revision, UInt128 number)
        {
            Operation = operation;
            Revision = revision;
            Number = number;
            Call = new Entry(this, operation.Invoked) { IsCall = true };
            Return = new Entry(this, by);
        }

        public Operation Operation { get; }

        public ulong Revision { get; }

        public UInt128 Number { get; }

        public Entry Call { get; }

        public Entry Return { get; }

        /// <summary>Whether the key must exist just before; null if the answer does not say.</summary>
        public bool? Needs => Operation.Outcome is Outcome.Done or Outcome.Declined ? Operation.IsFound : ConditionRules.NeedsExists(Operation.Condition);

        /// <summary>The revision that the key must have just before; null if nothing says it.</summary>
        public ulong? NeedsRevision => Operation.Outcome == Outcome.Declined
            ? Operation.IsFound ? Operation.Revision : null
            : Operation.Condition?.AnyOf?.Span[0];

        public void Unlink()
        {
            Call.Unlink();
            Return.Unlink();
        }

        public void Relink()
        {
            Return.Relink();
            Call.Relink();
        }
    }

    private sealed class Entry(Item? item, long at)
    {
        public Item? Item => item;

        public long At => at;

        public bool IsCall { get; init; }

        public Entry? Previous { get; set; }

        public Entry? Next { get; set; }

        public void Unlink()
        {
            Previous!.Next = Next;
            if (Next is not null) Next.Previous = Previous;
        }

        /// <summary>Goes back to where it stood; the reverse of the last <see cref="Unlink"/> that was not yet reversed.</summary>
        public void Relink()
        {
            Previous!.Next = this;
            if (Next is not null) Next.Previous = this;
        }
    }
}
