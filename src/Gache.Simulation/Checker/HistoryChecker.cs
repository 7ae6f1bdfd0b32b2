namespace Gache.Simulation;

/// <summary>Judges a history of clients against the contract: what was acknowledged, refused, read.</summary>
/// <remarks>
/// The direct rules come first, because they name what is wrong in words; the search for an order comes last and catches the rest. In
/// one shard all revisions come from one counter; in several, only those of a key are compared.
/// </remarks>
public static class HistoryChecker
{
    /// <summary>The first violation found, or null if the history is one that a correct cluster can give.</summary>
    /// <param name="history">What the clients asked and were told.</param>
    /// <param name="isOneShard">Whether all keys were always in one shard.</param>
    public static Violation? Check(IReadOnlyList<Operation> history, bool isOneShard = true)
    {
        if (ConditionRules.Check(history) is Violation condition) return condition;
        if (WaitRules.Check(history) is Violation wait) return wait;
        if (KeyedRules.Check(history) is Violation keyed) return keyed;
        var keys = new List<KeyHistory>();
        foreach (IGrouping<string, Operation> group in history.GroupBy(o => o.Key))
        {
            if (group.First().Kind == OperationKind.Add)
            {
                if (CounterRules.Check([.. group]) is Violation counted) return counted;
                continue;
            }

            if (KeyHistory.From(group, out KeyHistory key) is Violation seen) return seen;
            keys.Add(key);
        }

        if (RevisionRules.Check(keys, isOneShard) is Violation revision) return revision;
        foreach (KeyHistory key in keys)
        {
            if (LinearizationSearch.Check(key) is Violation order) return order;
        }

        return null;
    }
}
