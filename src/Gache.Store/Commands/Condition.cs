using System.Runtime.InteropServices;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>A condition on a key's present revision, judged at the moment that the command is applied (RFC 9110, 13.1.1 and 13.1.2).</summary>
/// <remarks>A header that is not there is null here; one whose tags are no revisions is an empty list, which names nothing.</remarks>
public sealed record Condition
{
    /// <summary>The most revisions that one header may name.</summary>
    public const int MaxRevisions = 256;

    /// <summary>The key must exist: <c>If-Match: *</c>.</summary>
    public bool MustExist { get; init; }

    /// <summary>The key must not exist: <c>If-None-Match: *</c>.</summary>
    public bool MustNotExist { get; init; }

    /// <summary>The key must have one of these revisions: <c>If-Match</c>.</summary>
    public ReadOnlyMemory<ulong>? AnyOf { get; init; }

    /// <summary>The key must have none of these revisions, or not exist: <c>If-None-Match</c>.</summary>
    public ReadOnlyMemory<ulong>? NoneOf { get; init; }

    /// <summary>Whether the condition holds for a key.</summary>
    /// <param name="exists">Whether the key is there.</param>
    /// <param name="revision">Its revision, if it is.</param>
    public bool Holds(bool exists, ulong revision) => new ConditionView(this).Holds(exists, revision);
}

/// <summary>A <see cref="Condition"/> as it stands in a command's bytes.</summary>
internal readonly ref struct ConditionView
{
    private readonly bool mustExist;
    private readonly bool mustNotExist;
    private readonly bool hasAnyOf;
    private readonly ReadOnlySpan<byte> anyOf; // revisions, 8 bytes each
    private readonly ReadOnlySpan<byte> noneOf;

    public ConditionView(Condition condition)
    {
        (mustExist, mustNotExist, hasAnyOf) = (condition.MustExist, condition.MustNotExist, condition.AnyOf is not null);
        anyOf = MemoryMarshal.AsBytes((condition.AnyOf ?? default).Span);
        noneOf = MemoryMarshal.AsBytes((condition.NoneOf ?? default).Span);
    }

    public ConditionView(bool mustExist, bool mustNotExist, bool hasAnyOf, ReadOnlySpan<byte> anyOf, ReadOnlySpan<byte> noneOf)
    {
        (this.mustExist, this.mustNotExist, this.hasAnyOf) = (mustExist, mustNotExist, hasAnyOf);
        this.anyOf = anyOf;
        this.noneOf = noneOf;
    }

    /// <summary>If-Match first, then If-None-Match (RFC 9110, 13.2.2).</summary>
    public bool Holds(bool exists, ulong revision)
    {
        if (mustExist && !exists) return false;
        if (hasAnyOf && !(exists && (Names(anyOf, revision) || Planted.Is(PlantedFault.AnyRevisionMatches)))) return false;
        return !(exists && (mustNotExist || Names(noneOf, revision)));
    }

    private static bool Names(ReadOnlySpan<byte> revisions, ulong revision) => MemoryMarshal.Cast<byte, ulong>(revisions).Contains(revision);
}
