using Gache.Store;

namespace Gache.Replication;

/// <summary>What a read asks for beside its key, where it may have to wait for it.</summary>
public sealed record ReadTerms
{
    /// <summary>What the read promises.</summary>
    public ReadLevel Level { get; init; }

    /// <summary>Of a stale read: the state that it sees is not before this revision of the key's slot; 0: any state will do.</summary>
    public ulong MinRevision { get; init; }

    /// <summary>For how long it waits until <see cref="Condition"/> has an answer, at most; zero: not at all.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>The read's If-Match and If-None-Match; null where it does not wait for them.</summary>
    public Condition? Condition { get; init; }

    /// <summary>Whether a key gives the read something to tell: it differs from what If-None-Match names, or If-Match fails.</summary>
    internal bool IsAnsweredBy(bool exists, ulong revision) => Condition is not { } condition
        || !(condition with { MustNotExist = false, NoneOf = null }).Holds(exists, revision)
        || (condition with { MustExist = false, AnyOf = null }).Holds(exists, revision);
}
