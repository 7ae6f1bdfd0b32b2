namespace Gache.Bench.Keys;

/// <summary>Which key a caller takes next.</summary>
internal enum Distribution
{
    /// <summary>One after the other, and again from the start.</summary>
    Sequential,

    /// <summary>Each as likely as any other.</summary>
    Uniform,

    /// <summary>Few are taken often: the n-th with a likelihood of 1/n^skew.</summary>
    Zipfian,
}
