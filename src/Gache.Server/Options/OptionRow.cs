namespace Gache.Server.Options;

/// <summary>One option, as the command line, the environment, the help and the README know it.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Placeholder">What stands for the value in the help; null for a switch.</param>
/// <param name="Default">The default in words.</param>
/// <param name="Words">What it does, in a sentence.</param>
/// <param name="Set">Takes a value into the draft; returns what a good value looks like if this one is bad, else null.</param>
/// <param name="Alias">A short form with its dash, or null.</param>
internal sealed record OptionRow(
    string Name, string? Placeholder, string Default, string Words, Func<OptionsDraft, string, string?> Set, string? Alias = null)
{
    /// <summary>As on the command line.</summary>
    public string Flag { get; } = "--" + Name;

    /// <summary>As in the environment.</summary>
    public string Variable { get; } = OptionTable.VariablePrefix + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>True for an option that another program of ours gives, and no person needs: taken, and not shown.</summary>
    public bool IsForPrograms { get; init; }

    /// <summary>True for a list that may also be given one by one.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>Whether help and README show it.</summary>
    public bool IsShown => !IsForPrograms;
}
