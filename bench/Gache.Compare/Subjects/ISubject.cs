using Gache.Bench;
using Gache.Bench.Measure;

namespace Gache.Compare.Subjects;

/// <summary>What is measured: servers, and a way to ask them.</summary>
internal interface ISubject
{
    /// <summary>Its name in tables and in <c>--only</c>.</summary>
    string Name { get; }

    /// <summary>What it is, its version, and what its writes wait for.</summary>
    string What { get; }

    /// <summary>Its processes.</summary>
    IReadOnlyList<ServerProcess> Processes { get; }

    /// <summary>Sets every key.</summary>
    Task<LoadResult> FillAsync(CancellationToken stop);

    /// <summary>Loads it for a time.</summary>
    Task<LoadResult> RunAsync(Part part, int callers, TimeSpan duration, CancellationToken stop);
}
