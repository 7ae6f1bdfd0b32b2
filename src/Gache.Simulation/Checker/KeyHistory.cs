namespace Gache.Simulation;

/// <summary>What a history says about one key, each value traced back to the write it came from.</summary>
public sealed class KeyHistory
{
    private KeyHistory(string key) => Key = key;

    /// <summary>The key.</summary>
    public string Key { get; }

    /// <summary>Writes that took effect for certain.</summary>
    public List<Effect> Writes { get; } = [];

    /// <summary>Linearizable reads that were answered.</summary>
    public List<Operation> Reads { get; } = [];

    /// <summary>Writes that were declined: each tells the revision at its place, as a read does.</summary>
    public List<Operation> Declined { get; } = [];

    /// <summary>When each delete was asked of which nothing is known, or set that may have come and been over; in order.</summary>
    public List<long> OpenDeletes { get; } = [];

    /// <summary>When each set or put was asked of which nothing is known and whose value nobody saw; in order.</summary>
    public List<long> OpenSets { get; } = [];

    /// <summary>Traces the values of one key's operations.</summary>
    /// <returns>A violation if a value was read that cannot have been there.</returns>
    public static Violation? From(IGrouping<string, Operation> operations, out KeyHistory key)
    {
        key = new KeyHistory(operations.Key);
        var effects = operations.Where(o => o.IsWrite).Select(o => new Effect(o)).ToList();
        var byValue = effects.Where(e => e.Operation.WritesValue).ToDictionary(e => e.Operation.Value);
        foreach (Operation read in operations.Where(o => !o.IsWrite && o.Outcome == Outcome.Done))
        {
            if (read.IsFound)
            {
                if (!byValue.TryGetValue(read.Value, out Effect? source))
                    return new("a value was read that nobody wrote to that key", $"{read}");
                if (source.SeenBy(read) is Violation seen) return seen;
            }

            if (read.Kind == OperationKind.Read) key.Reads.Add(read);
        }

        foreach (Effect effect in effects.OrderBy(e => e.Operation.Invoked))
        {
            if (effect.IsCertain) key.Writes.Add(effect);
            else if (effect.Operation.Outcome == Outcome.Declined) key.Declined.Add(effect.Operation);
            else if (effect.Operation.Outcome == Outcome.NotApplied) continue; // had no effect: the order must be found without it
            else if (effect.Operation.Kind == OperationKind.Delete) key.OpenDeletes.Add(effect.Operation.Invoked);
            else
            {
                key.OpenSets.Add(effect.Operation.Invoked);
                if (effect.Operation.Ttl > TimeSpan.Zero) key.OpenDeletes.Add(effect.Operation.Invoked); // set, and then over
            }
        }

        return null;
    }
}
