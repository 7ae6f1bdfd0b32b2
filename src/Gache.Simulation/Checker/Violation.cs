namespace Gache.Simulation;

/// <summary>A promise that was seen broken.</summary>
/// <param name="Rule">Which one, in a few words that are the same in every run.</param>
/// <param name="Words">What was seen.</param>
public sealed record Violation(string Rule, string Words)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Rule}: {Words}";
}
