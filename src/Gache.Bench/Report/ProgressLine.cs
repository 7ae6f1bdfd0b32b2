using System.Globalization;
using Gache.Bench.Load;
using Gache.Bench.Measure;
using Gache.Tool.Terminals;
using Spectre.Console;

namespace Gache.Bench.Report;

/// <summary>On a terminal one line that tells how a part goes, drawn in place and gone when it is over; elsewhere nothing.</summary>
internal sealed class ProgressLine(Terminal terminal)
{
    /// <summary>Runs a part while its line is shown.</summary>
    public Task<T> WhileAsync<T>(string name, TimeSpan? length, Func<ILoadWatch?, Task<T>> run) =>
        terminal.IsScreen
            ? Screen.Of(terminal).Status().StartAsync(Markup.Escape($"{name}: warming up"), status => run(new Line(name, length, status)))
            : run(null);

    private sealed class Line(string name, TimeSpan? length, StatusContext status) : ILoadWatch
    {
        public void Begin() => status.Status = Markup.Escape($"{name}: begins");

        public void Show(Counts counts)
        {
            if (counts.Samples is not [.., var last]) return;
            TimeSpan at = last.At + last.Length;
            string failed = counts.Failed == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"  not answered rightly {counts.Failed:N0}");
            string time = length is { } whole
                ? string.Create(CultureInfo.InvariantCulture, $"{Math.Min(at.TotalSeconds, whole.TotalSeconds):0}/{whole.TotalSeconds:0} s")
                : string.Create(CultureInfo.InvariantCulture, $"{at.TotalSeconds:0} s");
            status.Status = Markup.Escape(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}  {time}  {last.PerSecond:N0}/s  p50 {last.Latency.Median.TotalMilliseconds:0.00} ms  p99 {last.Latency.P99.TotalMilliseconds:0.00} ms{failed}"));
        }
    }
}
