using Gache.Bench.Keys;
using Gache.Bench.Wire;

namespace Gache.Bench;

/// <summary>What a run was asked to do.</summary>
internal sealed record BenchOptions
{
    /// <summary>Callers in the parts that have many, unless told.</summary>
    public const int DefaultCallers = 64;

    /// <summary>Keys, unless told.</summary>
    public const int DefaultKeys = 10_000;

    /// <summary>Seconds that a part is measured, unless told.</summary>
    public const int DefaultSeconds = 5;

    /// <summary>Seconds before them that are not, unless told.</summary>
    public const int DefaultWarmUp = 1;

    /// <summary>Most callers; each has a socket an address.</summary>
    public const int MaxCallers = 10_000;

    /// <summary>Most keys: one bit each is kept.</summary>
    public const int MaxKeys = 100_000_000;

    /// <summary>Largest value: the largest that a server can be told to take.</summary>
    public const int MaxValueBytes = 8 << 20;

    /// <summary>Bound on callers times value: each caller holds one request.</summary>
    public const long MaxRequestBytes = 2L << 30;

    /// <summary>Addresses to ask at, HOST:PORT; callers are spread over them.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary>The parts, in their order.</summary>
    public required IReadOnlyList<Part> Parts { get; init; }

    /// <summary>Callers in the parts that have many.</summary>
    public int Callers { get; init; } = DefaultCallers;

    /// <summary>Keys are 0 to this, exclusive.</summary>
    public int KeyCount { get; init; } = DefaultKeys;

    /// <summary>Stands before the number in each key.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Bytes of a value; null: the key's URL as it is.</summary>
    public int? ValueBytes { get; init; }

    /// <summary>Which key is next.</summary>
    public Distribution Distribution { get; init; } = Distribution.Sequential;

    /// <summary>Exponent of the zipfian distribution.</summary>
    public double Skew { get; init; } = ZipfianKeys.DefaultSkew;

    /// <summary>Start of all dice.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Requests a second of all callers together; null: each sends as soon as it was answered.</summary>
    public double? Rate { get; init; }

    /// <summary>Whether a caller that was refused rests for as long as <c>Retry-After</c> says, as clients that behave do; else for a moment only.</summary>
    public bool BacksOff { get; init; }

    /// <summary>How long a part is measured.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(DefaultSeconds);

    /// <summary>How long it runs before.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(DefaultWarmUp);

    /// <summary>When a request is given up.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Level of reads, as the query of GET has it; null: the server's default.</summary>
    public string? Level { get; init; }

    /// <summary>What is looked at in an answer.</summary>
    public Verification Verification { get; init; } = Verification.Content;

    /// <summary>Whether keys that a part reads are set before.</summary>
    public bool IsFilling { get; init; } = true;

    /// <summary>File for the figures, or null.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Folder for the plots, or null.</summary>
    public string? PlotFolder { get; init; }
}
