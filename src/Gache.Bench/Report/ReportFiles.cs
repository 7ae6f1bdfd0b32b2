using Gache.Bench.Measure;

namespace Gache.Bench.Report;

/// <summary>The files that a run was asked for.</summary>
internal static class ReportFiles
{
    /// <summary>Why they cannot be written, or null; afterwards their folders are there.</summary>
    public static string? WhyNotWritable(BenchOptions options)
    {
        try
        {
            if (options.JsonFile is { } file) File.Open(file, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (options.PlotFolder is { } folder) Directory.CreateDirectory(folder);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return fault.Message;
        }
    }

    /// <summary>Writes them.</summary>
    public static void Write(BenchOptions options, IReadOnlyList<LoadResult> results)
    {
        if (options.JsonFile is { } file)
        {
            using FileStream json = File.Create(file);
            JsonReport.Write(json, options, results, TimeProvider.System.GetUtcNow());
        }

        if (options.PlotFolder is not { } folder) return;
        var series = results.Select(result => new Series(result.Part.Name, result)).ToArray();
        LatencyPlot.Draw(folder, "latency", series);
        ThroughputPlot.Draw(folder, "throughput", series, []);
    }
}
