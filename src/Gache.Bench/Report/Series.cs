using Gache.Bench.Measure;

namespace Gache.Bench.Report;

/// <summary>One line of a plot.</summary>
internal sealed record Series(string Name, LoadResult Result);
