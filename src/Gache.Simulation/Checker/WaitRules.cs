namespace Gache.Simulation;

/// <summary>What the answer to a request that waited says of its wait. (That it was let in, or not, rightly is the order's to show.)</summary>
public static class WaitRules
{
    /// <summary>The first violation, or null.</summary>
    public static Violation? Check(IEnumerable<Operation> history)
    {
        foreach (IGrouping<string, Operation> key in history.GroupBy(operation => operation.Key))
        {
            foreach (Operation operation in key)
            {
                if (operation.Outcome is not (Outcome.Done or Outcome.Declined)) continue;
                if (IsUnmet(operation) && operation.CompletedAt - operation.InvokedAt < operation.Wait)
                    return new("a wait was over before its time", $"{operation}: after {(operation.CompletedAt - operation.InvokedAt).TotalSeconds:F3} s");
                if (operation is { Kind: OperationKind.StaleRead, Known: not 0 } && !HasReached(operation, key))
                    return new("a read saw a state before the revision that it named", $"{operation}");
            }
        }

        return null;
    }

    /// <summary>Nothing of what it waited for came.</summary>
    private static bool IsUnmet(Operation operation) => operation.Wait > TimeSpan.Zero
        && (operation.Outcome == Outcome.Declined || (operation is { Kind: OperationKind.Read, IsFound: true } && operation.Revision == operation.Known));

    /// <summary>The revision that it named was one of its key, so it sees that one or a later one; or nothing, if something may have removed the key.</summary>
    private static bool HasReached(Operation read, IEnumerable<Operation> ofKey) => read.IsFound
        ? read.Revision >= read.Known
        : ofKey.Any(other => other.Invoked < read.Completed && other.Outcome is Outcome.Done or Outcome.Unknown
            && (other.Kind == OperationKind.Delete || other.Ttl > TimeSpan.Zero)
            && (other.Revision == 0 || other.Revision >= read.Known || other.Ttl > TimeSpan.Zero));
}
