using Gache.Bench.Measure;
using ScottPlot;

namespace Gache.Bench.Report;

/// <summary>Right answers a second over time; stretches in which requests were refused, wrong or not answered are shaded.</summary>
internal static class ThroughputPlot
{
    private const double FaultOpacity = 0.2;

    /// <summary>Draws <paramref name="name"/>.svg and .png.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="name">Name of the files.</param>
    /// <param name="series">The lines.</param>
    /// <param name="events">What was done meanwhile, from the start of what is measured.</param>
    public static void Draw(string folder, string name, IEnumerable<Series> series, IEnumerable<(TimeSpan At, string What)> events)
    {
        var plot = new Plot();
        foreach (Series each in series)
        {
            Sample[] samples = [.. each.Result.Samples.Where(sample => sample.Length > TimeSpan.Zero)];
            if (samples.Length == 0) continue;
            double[] seconds = [.. samples.Select(sample => (sample.At + (sample.Length / 2)).TotalSeconds)];
            double[] rates = [.. samples.Select(sample => sample.PerSecond)];
            var line = plot.Add.ScatterLine(seconds, rates);
            line.LegendText = each.Name;
            line.LineWidth = 2;
            foreach (Sample sample in samples.Where(sample => sample.Failed > 0))
            {
                var span = plot.Add.HorizontalSpan(sample.At.TotalSeconds, (sample.At + sample.Length).TotalSeconds);
                span.FillColor = Colors.Red.WithOpacity(FaultOpacity);
                span.LineWidth = 0;
            }
        }

        foreach ((TimeSpan at, string what) in events)
        {
            var mark = plot.Add.VerticalLine(at.TotalSeconds);
            mark.Text = what;
            mark.Color = Colors.Red;
        }

        plot.Title("Throughput over time (shaded: requests refused, wrong or not answered)");
        plot.XLabel("s");
        plot.YLabel("right answers a second");
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsY(0, Math.Max(1, plot.Axes.GetLimits().Top));
        PlotFile.Save(plot, folder, name);
    }
}
