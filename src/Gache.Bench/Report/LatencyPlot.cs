using System.Globalization;
using Gache.Bench.Measure;
using ScottPlot;

namespace Gache.Bench.Report;

/// <summary>Latency over percentile: how long the slowest tenth, hundredth, thousandth waited.</summary>
internal static class LatencyPlot
{
    /// <summary>Steps of the curve for each nine of the percentile.</summary>
    private const int StepsPerNine = 40;

    /// <summary>Room right of the last step, in nines.</summary>
    private const double LastStepMargin = 0.1;

    private static readonly double[] Marks = [0, 90, 99, 99.9, 99.99, 99.999, 99.9999];

    /// <summary>Draws <paramref name="name"/>.svg and .png.</summary>
    public static void Draw(string folder, string name, IEnumerable<Series> series)
    {
        var plot = new Plot();
        double most = 0;
        foreach (Series each in series.Where(each => each.Result.Right > 0))
        {
            // So far as there are answers: the last step is one of them.
            double nines = Math.Log10(each.Result.Right);
            double[] xs = [.. Enumerable.Range(0, (int)(nines * StepsPerNine) + 1).Select(step => step / (double)StepsPerNine)];
            double[] ys = [.. xs.Select(x => Math.Log10(Math.Max(Latencies.At(each.Result.All, 100 * (1 - Math.Pow(10, -x))).TotalMilliseconds, 1e-3)))];
            var line = plot.Add.ScatterLine(xs, ys);
            line.LegendText = each.Name;
            line.LineWidth = 2;
            most = Math.Max(most, nines);
        }

        plot.Title("Latency over percentile");
        plot.XLabel("percentile");
        plot.YLabel("ms");
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. Marks.Select((_, nines) => (double)nines)], [.. Marks.Select(mark => mark.ToString(CultureInfo.InvariantCulture) + " %")]);
        plot.Axes.Left.TickGenerator = LogTicks();
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsX(0, Math.Max(1, most + LastStepMargin));
        PlotFile.Save(plot, folder, name);
    }

    private static ScottPlot.TickGenerators.NumericManual LogTicks()
    {
        double[] powers = [.. Enumerable.Range(-3, 9).Select(power => (double)power)];
        return new ScottPlot.TickGenerators.NumericManual(powers, [.. powers.Select(power => Math.Pow(10, power).ToString("0.###", CultureInfo.InvariantCulture))]);
    }
}
