using System.Reflection;
using System.Text.Json;
using Gache.Bench.Measure;
using HdrHistogram;

namespace Gache.Bench.Report;

/// <summary>The figures for programs. Times are in milliseconds, rates a second.</summary>
internal static class JsonReport
{
    /// <summary>Percentiles that are written, so that a curve can be drawn.</summary>
    public static readonly double[] Percentiles = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999, 100];

    /// <summary>Writes all of it.</summary>
    public static void Write(Stream to, BenchOptions options, IReadOnlyList<LoadResult> results, DateTimeOffset now)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("program", "gache bench");
        json.WriteString("version", Assembly.GetExecutingAssembly().GetName().Version?.ToString(fieldCount: 3));
        json.WriteString("at", now.UtcDateTime);
        json.WriteStartArray("addresses");
        foreach (string address in options.Addresses) json.WriteStringValue(address);
        json.WriteEndArray();
        json.WriteNumber("keys", options.KeyCount);
        if (options.ValueBytes is { } bytes) json.WriteNumber("valueBytes", bytes);
        json.WriteString("distribution", options.Distribution.ToString().ToLowerInvariant());
        json.WriteString("verified", options.Verification.ToString().ToLowerInvariant());
        json.WriteNumber("processors", Environment.ProcessorCount);
        json.WriteStartArray("parts");
        foreach (LoadResult result in results) WritePart(json, result);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, LoadResult result)
    {
        json.WriteStartObject();
        json.WriteString("name", result.Part.Name);
        json.WriteNumber("readRatio", result.Part.ReadRatio);
        json.WriteNumber("callers", result.Callers);
        if (result.WantedRate is { } rate) json.WriteNumber("wantedRate", rate);
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
        json.WriteNumber("right", result.Right);
        json.WriteNumber("perSecond", Math.Round(result.PerSecond, 1));
        json.WriteNumber("missing", result.Missing);
        json.WriteNumber("redirected", result.Redirected);
        json.WriteNumber("refused", result.Refused);
        json.WriteNumber("unanswered", result.Unanswered);
        json.WriteNumber("wrong", result.Wrong);
        json.WriteNumber("notSent", result.NotSent);
        json.WriteNumber("longestGapMs", result.LongestGap.TotalMilliseconds);
        json.WriteNumber("longestWriteGapMs", result.LongestWriteGap.TotalMilliseconds);
        json.WriteNumber("ownCpuUs", Math.Round(result.OwnProcessorTime.TotalMicroseconds, 2));
        WriteLatencies(json, "latencyMs", result.All);
        if (result.Reads.TotalCount > 0 && result.Writes.TotalCount > 0)
        {
            WriteLatencies(json, "readLatencyMs", result.Reads);
            WriteLatencies(json, "writeLatencyMs", result.Writes);
        }

        if (result.Refusals.TotalCount > 0) WriteLatencies(json, "refusedMs", result.Refusals);
        json.WriteStartArray("samples");
        foreach (Sample sample in result.Samples)
        {
            json.WriteStartObject();
            json.WriteNumber("at", Math.Round(sample.At.TotalSeconds, 3));
            json.WriteNumber("perSecond", Math.Round(sample.PerSecond, 1));
            json.WriteNumber("p50", sample.Latency.Median.TotalMilliseconds);
            json.WriteNumber("p99", sample.Latency.P99.TotalMilliseconds);
            json.WriteNumber("failed", sample.Failed);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteWords(json, "failures", result.Failures);
        WriteWords(json, "wrongAnswers", result.WrongReasons);
        json.WriteEndObject();
    }

    private static void WriteLatencies(Utf8JsonWriter json, string name, HistogramBase histogram)
    {
        json.WriteStartObject(name);
        if (histogram.TotalCount > 0)
        {
            foreach (double percentile in Percentiles)
                json.WriteNumber(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"p{percentile}"), Latencies.At(histogram, percentile).TotalMilliseconds);
        }

        json.WriteEndObject();
    }

    private static void WriteWords(Utf8JsonWriter json, string name, IReadOnlyList<string> lines)
    {
        json.WriteStartArray(name);
        foreach (string line in lines) json.WriteStringValue(line);
        json.WriteEndArray();
    }
}
