using Gache.Primitives;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>Everything the clients asked and were told, in the one order in which it happened.</summary>
public sealed class History
{
    private readonly List<Operation> operations = [];
    private long place;
    private long lastValue;

    /// <summary>What the fastest clock of all machines could have counted by now: no key with a time to live may be gone before it says so.</summary>
    public Func<TimeSpan> FastestClock { get; init; } = static () => TimeSpan.Zero;

    /// <summary>The operations in the order in which they were asked.</summary>
    public IReadOnlyList<Operation> Operations => operations;

    /// <summary>How many operations were answered as done.</summary>
    public int DoneCount { get; private set; }

    /// <summary>Begins an operation; a set or put gets a value that no other one has.</summary>
    public Operation Invoke(
        int client, OperationKind kind, string key, Condition? condition = null, CounterTerms counter = default, string? idempotencyKey = null, TimeSpan ttl = default,
        TimeSpan wait = default, ulong known = 0)
    {
        var operation = new Operation
        {
            Client = client, Kind = kind, Key = key, Invoked = place++, Condition = condition, Counter = counter, IdempotencyKey = idempotencyKey,
            Ttl = ttl, Wait = wait, Known = known, InvokedAt = FastestClock(),
        };
        if (operation.WritesValue) operation.Value = ++lastValue;
        operations.Add(operation);
        return operation;
    }

    /// <summary>A write was carried out.</summary>
    public void Complete(Operation operation, ulong revision, bool existed, long sum = 0)
    {
        End(operation, Outcome.Done);
        if (operation.Kind == OperationKind.Add) operation.Value = sum;
        operation.Revision = revision;
        operation.IsFound = existed;
    }

    /// <summary>A write's condition did not hold.</summary>
    public void Decline(Operation operation, ulong revision, bool exists)
    {
        End(operation, Outcome.Declined);
        operation.Revision = revision;
        operation.IsFound = exists;
        DoneCount++;
    }

    /// <summary>A read was carried out.</summary>
    public void CompleteRead(Operation operation, bool isFound, long value, ulong revision)
    {
        End(operation, Outcome.Done);
        operation.IsFound = isFound;
        if (!isFound) return;
        operation.Value = value;
        operation.Revision = revision;
    }

    /// <summary>It was refused; nothing of it may ever be seen.</summary>
    public void Refuse(Operation operation) => End(operation, Outcome.NotApplied);

    /// <summary>The client gave up, lost its connection or was told that nothing is known.</summary>
    public void GiveUp(Operation operation) => End(operation, Outcome.Unknown);

    private void End(Operation operation, Outcome outcome)
    {
        Invariant.Holds(operation.Completed == Operation.Never, "an operation was completed twice");
        operation.Completed = place++;
        operation.CompletedAt = FastestClock();
        operation.Outcome = outcome;
        if (outcome == Outcome.Done) DoneCount++;
    }
}
