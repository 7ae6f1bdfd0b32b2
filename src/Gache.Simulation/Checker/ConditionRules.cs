using Gache.Store;

namespace Gache.Simulation;

/// <summary>What the answer to a conditional write says of its own condition. (Whether the answer is right is the order's to show.)</summary>
public static class ConditionRules
{
    /// <summary>The first violation, or null.</summary>
    public static Violation? Check(IEnumerable<Operation> history)
    {
        foreach (Operation operation in history)
        {
            if (operation.Kind == OperationKind.Add) continue; // declined by its bound: CounterRules
            if (operation.Condition is not Condition condition)
            {
                if (operation.Outcome == Outcome.Declined) return new("a write without a condition was declined", $"{operation}");
                continue;
            }

            if (operation.Outcome == Outcome.Declined && condition.Holds(operation.IsFound, operation.Revision))
                return new("a condition failed that holds", $"{operation}");
            if (operation.Outcome == Outcome.Done && NeedsExists(condition) is bool exists && exists != operation.IsFound)
                return new("a write was carried out against its condition", $"{operation}");
        }

        return null;
    }

    /// <summary>Whether the key must be there, or must not, for the condition to hold; null if the condition does not say.</summary>
    internal static bool? NeedsExists(Condition? condition) => condition switch
    {
        { MustNotExist: true } => false,
        { MustExist: true } or { AnyOf: not null } => true,
        _ => null,
    };
}
