namespace Gache.Bench;

/// <summary>One kind of load; the first four by the names and meanings that the original's benchmark gave them.</summary>
/// <param name="Name">What it is called in tables, files and on the command line.</param>
/// <param name="ReadRatio">Share of GETs, 0 to 1.</param>
/// <param name="HasManyCallers">Whether many ask at a time, or one.</param>
internal sealed record Part(string Name, double ReadRatio, bool HasManyCallers)
{
    /// <summary>One caller that sets.</summary>
    public static readonly Part Set = new("Set", 0, HasManyCallers: false);

    /// <summary>One caller that gets.</summary>
    public static readonly Part Get = new("Get", 1, HasManyCallers: false);

    /// <summary>Many callers that set.</summary>
    public static readonly Part ParallelSet = new("PSet", 0, HasManyCallers: true);

    /// <summary>Many callers that get.</summary>
    public static readonly Part ParallelGet = new("PGet", 1, HasManyCallers: true);

    /// <summary>The original's four.</summary>
    public static readonly IReadOnlyList<Part> Four = [Set, Get, ParallelSet, ParallelGet];

    /// <summary>Many callers that get and set.</summary>
    public static Part Mix(double readRatio) => new("Mix", readRatio, HasManyCallers: true);

    /// <summary>Whether it reads at all.</summary>
    public bool Reads => ReadRatio > 0;
}
