namespace Gache.Simulation;

/// <summary>What came of one seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Violation">The promise that was broken, or null.</param>
/// <param name="Lived">The world's time when it ended.</param>
/// <param name="Events">How many events happened.</param>
/// <param name="Messages">How many messages were sent.</param>
/// <param name="Done">How many operations of clients were carried out.</param>
/// <param name="LedTerms">How many terms had a leader.</param>
/// <param name="Committed">The highest index that was committed.</param>
/// <param name="Calls">How many calls were made between cluster ports.</param>
/// <param name="Moves">How often a replica saw a slot come from another shard.</param>
/// <param name="Faults">How often each kind of fault happened.</param>
/// <param name="Trace">The last events in words, if they were kept.</param>
public sealed record WorldReport(
    ulong Seed,
    Violation? Violation,
    TimeSpan Lived,
    long Events,
    long Messages,
    int Done,
    int LedTerms,
    ulong Committed,
    long Calls,
    int Moves,
    IReadOnlyDictionary<FaultKind, int> Faults,
    IReadOnlyCollection<string> Trace)
{
    /// <summary>How many changes watches told.</summary>
    public int Watched { get; init; }

    /// <summary>How often a watch went on from where another had ended.</summary>
    public int Resumed { get; init; }

    /// <summary>How often one could not, as the history did not reach back.</summary>
    public int Compacted { get; init; }

    /// <summary>How many processes had more changes to tell of than memory keeps.</summary>
    public int HistoryFiles { get; init; }

    /// <summary>How many transfers were carried out.</summary>
    public int Transfers { get; init; }

    /// <summary>How many scans came to their end.</summary>
    public int Scans { get; init; }

    /// <summary>One line of figures.</summary>
    public override string ToString() =>
        $"seed {Seed}: {(Violation is null ? "well" : Violation.Rule)} after {Lived.TotalSeconds:F0} s, {Events} events, {Messages} messages, "
        + $"{Done} operations, {LedTerms} terms, {Committed} entries, {Faults.Values.Sum()} faults"
        + (Calls > 0 ? $", {Calls} calls, {Moves} slots taken over" : "")
        + (Watched > 0 ? $", {Watched} changes watched, {Resumed} watches resumed, {Compacted} compacted, {HistoryFiles} histories in files" : "")
        + (Transfers > 0 ? $", {Transfers} transfers, {Scans} scans" : "");
}
