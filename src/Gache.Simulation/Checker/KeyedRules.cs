using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>A repeat of a keyed write gets the answer of the first. (That it takes effect once is the order's to show: it is one operation.)</summary>
public static class KeyedRules
{
    /// <summary>The first violation, or null.</summary>
    public static Violation? Check(IEnumerable<Operation> history)
    {
        foreach (Operation operation in history)
        {
            foreach (WriteAnswer answer in operation.Answers)
            {
                if (answer.Status == ApplyStatus.IdempotencyKeyReused) return new("a keyed write was taken for another", $"{operation}");
                if (answer != operation.Answers[0]) return new("a repeat got another answer", $"{operation}: {operation.Answers[0]}, then {answer}");
            }
        }

        return null;
    }
}
