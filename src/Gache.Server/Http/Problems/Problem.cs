namespace Gache.Server.Http.Problems;

/// <summary>One kind of error that a client may meet: what is fixed about it.</summary>
/// <param name="Code">The stable name.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">In a few words; the same for every occurrence.</param>
/// <param name="Outcome">What became of this request: see <see cref="Outcomes"/>.</param>
/// <param name="IsRetryable">Whether the same request may succeed later and cannot harm.</param>
internal sealed record Problem(string Code, int Status, string Title, string Outcome, bool IsRetryable)
{
    /// <summary>The URN that names this kind.</summary>
    public string Type { get; } = "urn:gache:problem:" + Code;
}

/// <summary>What became of a refused request.</summary>
internal static class Outcomes
{
    /// <summary>It surely had no effect (P11).</summary>
    public const string NotApplied = "not-applied";

    /// <summary>It may or may not have had one.</summary>
    public const string Unknown = "unknown";
}
