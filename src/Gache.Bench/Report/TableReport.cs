using System.Globalization;
using Gache.Bench.Measure;
using Gache.Tool.Terminals;
using HdrHistogram;
using Spectre.Console;

namespace Gache.Bench.Report;

/// <summary>The figures as a table: drawn on a terminal, Markdown elsewhere.</summary>
internal static class TableReport
{
    /// <summary>Wide enough for all columns where no terminal has a width.</summary>
    private const int PlainWidth = 200;

    /// <summary>A narrower terminal shows the columns that most people look at, and those that are not nothing.</summary>
    private const int WidthOfAll = 140;

    private static readonly Column[] Columns =
    [
        new("callers", false, row => row.IsWhole ? Count(row.Result.Callers) : ""),
        new("requests", false, row => Count(row.Histogram.TotalCount)),
        new("requests/s", true, row => Count((long)(row.Result.Elapsed > TimeSpan.Zero ? row.Histogram.TotalCount / row.Result.Elapsed.TotalSeconds : 0))),
        new("p50, ms", true, row => Milliseconds(row.Latency.Median)),
        new("p90", false, row => Milliseconds(row.Latency.P90)),
        new("p99", true, row => Milliseconds(row.Latency.P99)),
        new("p99.9", false, row => Milliseconds(row.Latency.P999)),
        new("max", true, row => Milliseconds(row.Latency.Most)),
        new("longest gap, ms", false, row => row.IsWhole ? Count((long)row.Result.LongestGap.TotalMilliseconds) : ""),
        new("refused", false, row => row.IsWhole ? Count(row.Result.Refused) : ""),
        new("no answer", false, row => row.IsWhole ? Count(row.Result.Unanswered) : ""),
        new("wrong", false, row => row.IsWhole ? Count(row.Result.Wrong) : ""),
        new("own CPU, us", false, row => row.IsWhole ? row.Result.OwnProcessorTime.TotalMicroseconds.ToString("0.0", CultureInfo.InvariantCulture) : ""),
    ];

    /// <summary>Writes it.</summary>
    public static void Write(BenchOptions options, IReadOnlyList<LoadResult> results, Terminal terminal)
    {
        IAnsiConsole console = Screen.Of(terminal);
        if (!terminal.IsScreen) console.Profile.Width = PlainWidth;
        bool hasRoom = console.Profile.Width >= WidthOfAll;
        Column[] columns = [.. Columns.Where(column => hasRoom || column.IsEssential)];
        Table table = new Table().Border(terminal.IsScreen ? TableBorder.Rounded : TableBorder.Markdown).AddColumn("part");
        foreach (Column column in columns) table.AddColumn(new TableColumn(column.Head).RightAligned().NoWrap());
        foreach (Row row in results.SelectMany(RowsOf)) table.AddRow([new Text(row.Name), .. columns.Select(column => new Text(column.Cell(row)))]);
        console.Write(table);
        foreach (LoadResult result in results) WriteNotes(options, result, terminal, hasRoom);
    }

    private static IEnumerable<Row> RowsOf(LoadResult result)
    {
        yield return new Row(result.Part.Name, result, result.All, IsWhole: true);
        if (result.Reads.TotalCount == 0 || result.Writes.TotalCount == 0) yield break;
        yield return new Row("  its Gets", result, result.Reads, IsWhole: false);
        yield return new Row("  its Sets", result, result.Writes, IsWhole: false);
    }

    private static void WriteNotes(BenchOptions options, LoadResult result, Terminal terminal, bool hasRoom)
    {
        void Say(string words) => terminal.Output.WriteLine(Printable.Line($"{result.Part.Name}: {words}"));
        if (result.WantedRate is { } rate)
        {
            Say($"open loop, {Count((long)rate)} requests due a second; latency counts from when each was due");
            if (result.NotSent > 0) Say($"{Count(result.NotSent)} were due and never sent: the {Count(options.Callers)} callers were busy until the end");
        }

        if (!hasRoom && result.Refused + result.Unanswered + result.Wrong > 0)
            Say($"{Count(result.Refused)} refused, {Count(result.Unanswered)} without answer, {Count(result.Wrong)} wrong; longest gap {Count((long)result.LongestGap.TotalMilliseconds)} ms");
        if (result.Refusals.TotalCount > 0)
        {
            var refusals = Latencies.Of(result.Refusals);
            Say($"refused after p50 {Milliseconds(refusals.Median)} ms, p99 {Milliseconds(refusals.P99)} ms, max {Milliseconds(refusals.Most)} ms");
        }

        if (result.Redirected > 0) Say($"{Count(result.Redirected)} were sent on to the key's owner");
        if (result.Missing > 0) Say($"{Count(result.Missing)} keys were not there, and this run had not set them");
        foreach (string words in result.Failures) Say(words);
        foreach (string words in result.WrongReasons) Say($"WRONG: {words}");
    }

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.000", CultureInfo.InvariantCulture);

    /// <param name="Head">What stands above.</param>
    /// <param name="IsEssential">Whether it is shown on a narrow terminal, too.</param>
    /// <param name="Cell">What stands in a row.</param>
    private sealed record Column(string Head, bool IsEssential, Func<Row, string> Cell);

    /// <param name="Name">What it tells of.</param>
    /// <param name="Result">The part.</param>
    /// <param name="Histogram">Of all its requests, or of one kind.</param>
    /// <param name="IsWhole">Whether it is the part's first row.</param>
    private sealed record Row(string Name, LoadResult Result, HistogramBase Histogram, bool IsWhole)
    {
        public Latencies Latency { get; } = Latencies.Of(Histogram);
    }
}
