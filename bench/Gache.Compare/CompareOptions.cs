namespace Gache.Compare;

/// <summary>What a comparison was asked to do.</summary>
internal sealed record CompareOptions
{
    /// <summary>Rounds over which medians are taken.</summary>
    public required int Rounds { get; init; }

    /// <summary>Of each measurement.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Growth: largest number of keys.</summary>
    public required int MostKeys { get; init; }

    /// <summary>Growth: largest number of connections.</summary>
    public required int MostCallers { get; init; }

    /// <summary>Names of contestants, or null for all.</summary>
    public string[]? Only { get; init; }

    /// <summary>Builds: the other one's program.</summary>
    public string? Other { get; init; }

    /// <summary>Whether the page is written.</summary>
    public required bool IsWriting { get; init; }

    /// <summary>Whether this contestant is wanted.</summary>
    public bool Wants(string name) => Only is null || Only.Contains(name);
}
