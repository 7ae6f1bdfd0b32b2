using Gache.Bench.Keys;
using Gache.Bench.Wire;

namespace Gache.Bench.Load;

/// <summary>What one run of callers is to do.</summary>
internal sealed record LoadPlan
{
    /// <summary>What they ask.</summary>
    public required Part Part { get; init; }

    /// <summary>How it is written.</summary>
    public required IWire Wire { get; init; }

    /// <summary>Which keys were set.</summary>
    public required AcknowledgedKeys Acknowledged { get; init; }

    /// <summary>The keys of the caller with this number.</summary>
    public required Func<int, IKeySource> KeysOf { get; init; }

    /// <summary>How many there are.</summary>
    public required int Callers { get; init; }

    /// <summary>How long it runs before it is measured.</summary>
    public TimeSpan WarmUp { get; init; }

    /// <summary>How long it is measured; null: until no key is left.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>When a request is given up.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Requests a second of all callers together; null: each sends as soon as it was answered.</summary>
    public double? Rate { get; init; }

    /// <summary>Whether a caller that was refused rests for as long as the answer says.</summary>
    public bool BacksOff { get; init; }

    /// <summary>Start of all dice.</summary>
    public int Seed { get; init; } = 1;
}
