namespace Gache.Simulation;

/// <summary>Revisions by the contract: one counter a shard, never used twice, rising with the changes of a key in real time, also across moves.</summary>
public static class RevisionRules
{
    /// <summary>The first violation, or null.</summary>
    public static Violation? Check(IEnumerable<KeyHistory> keys, bool isOneShard = true)
    {
        var used = new Dictionary<ulong, Effect>();
        foreach (KeyHistory key in keys)
        {
            if (!isOneShard) used.Clear();
            foreach (Effect change in key.Writes.Where(w => w.IsKnownChange))
            {
                if (change.Revision == 0) return new("a change without a revision", $"{change.Operation}");
                if (!used.TryAdd(change.Revision, change))
                    return new("one revision has two writes", $"{change.Operation} and {used[change.Revision].Operation}");
            }

            if (CheckRise(key) is Violation seen) return seen;
        }

        return null;
    }

    private static Violation? CheckRise(KeyHistory key)
    {
        Effect? highest = null; // of those in effect before the present one was asked
        List<Effect> inEffect = [.. key.Writes.OrderBy(w => w.EffectiveBy)];
        int next = 0;
        foreach (Effect write in key.Writes.OrderBy(w => w.Operation.Invoked))
        {
            for (; next < inEffect.Count && inEffect[next].EffectiveBy < write.Operation.Invoked; next++)
            {
                if (highest is null || inEffect[next].Revision > highest.Revision) highest = inEffect[next];
            }

            // A delete of nothing changes nothing and tells the present revision.
            if (highest is not null && (write.IsKnownChange ? write.Revision <= highest.Revision : write.Revision < highest.Revision))
                return new("a revision went back", $"{write.Operation} has revision {write.Revision} after {highest.Operation} had {highest.Revision}");
        }

        return null;
    }
}
