using System.Globalization;
using System.Text;
using Gache.Primitives;

namespace Gache.Server.Metrics;

/// <summary>Writes histograms of durations as Prometheus reads them, in both of its formats.</summary>
/// <remarks>The exporter takes histograms only from an instrument that is told every duration when it is measured; ours are counted by their owners.</remarks>
internal static class HistogramText
{
    private const string End = "# EOF\n"; // the last line of OpenMetrics; a comment to Prometheus' older format

    /// <summary>Puts histograms behind what the exporter wrote.</summary>
    public static byte[] Append(ReadOnlySpan<byte> exported, IEnumerable<NamedHistogram> histograms)
    {
        string text = Encoding.UTF8.GetString(exported);
        bool hasEnd = text.EndsWith(End, StringComparison.Ordinal);
        var whole = new StringBuilder(text, 0, hasEnd ? text.Length - End.Length : text.Length, text.Length + 16 * 1024);
        foreach (NamedHistogram histogram in histograms) Write(whole, histogram);
        if (hasEnd) whole.Append(End);
        return Encoding.UTF8.GetBytes(whole.ToString());
    }

    private static void Write(StringBuilder text, NamedHistogram named)
    {
        text.Append(CultureInfo.InvariantCulture, $"# TYPE {named.Name} histogram\n# UNIT {named.Name} seconds\n# HELP {named.Name} {named.Words}\n");
        long sum = 0;
        for (int bucket = 0; bucket <= DurationHistogram.Bounds; bucket++)
        {
            sum += named.Histogram.CountOf(bucket);
            string bound = bucket == DurationHistogram.Bounds ? "+Inf" : DurationHistogram.BoundOf(bucket).TotalSeconds.ToString("0.######", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{named.Name}_bucket{{le=\"{bound}\"}} {sum}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{named.Name}_sum {named.Histogram.Sum.TotalSeconds:0.#########}\n{named.Name}_count {sum}\n");
    }
}

/// <summary>A histogram and how it is shown.</summary>
/// <param name="Name">Ends in <c>_seconds</c>.</param>
/// <param name="Words">What was measured.</param>
/// <param name="Histogram">The counts.</param>
internal readonly record struct NamedHistogram(string Name, string Words, DurationHistogram Histogram);
