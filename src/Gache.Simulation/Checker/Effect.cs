namespace Gache.Simulation;

/// <summary>An operation with what the whole history tells about it beyond what its own client was told.</summary>
public sealed class Effect(Operation operation)
{
    /// <summary>The operation.</summary>
    public Operation Operation => operation;

    /// <summary>
    /// When it must have taken effect at the latest: its answer, or, if earlier or if no answer came, the answer of the first read that saw its
    /// value (also a stale one: a replica shows only what is committed). <see cref="Operation.Never"/> if nothing proves that it took effect.
    /// </summary>
    public long EffectiveBy { get; private set; } = operation.Outcome == Outcome.Done ? operation.Completed : Operation.Never;

    /// <summary>The revision that it made, from its answer or from a read that saw its value; 0 if not known.</summary>
    public ulong Revision { get; private set; } = operation.Outcome == Outcome.Done ? operation.Revision : 0;

    /// <summary>True if it took effect for certain.</summary>
    public bool IsCertain => EffectiveBy != Operation.Never;

    /// <summary>True if it changed the key and the revision of that change is known.</summary>
    public bool IsKnownChange => IsCertain && (operation.WritesValue || (operation.Kind == OperationKind.Delete && operation.IsFound));

    /// <summary>A read saw its value.</summary>
    public Violation? SeenBy(Operation read)
    {
        if (operation.Outcome is Outcome.NotApplied or Outcome.Declined) return new("a refused write was applied", $"{read} saw the value of {operation}");
        if (read.Completed < operation.Invoked) return new("a value was read before it was written", $"{read} saw the value of {operation}");
        if (Revision != 0 && Revision != read.Revision)
            return new("one write has two revisions", $"{read} saw the value of {operation}, known with revision {Revision}");
        Revision = read.Revision;
        EffectiveBy = Math.Min(EffectiveBy, read.Completed);
        return null;
    }
}
