using ScottPlot;

namespace Gache.Bench.Report;

/// <summary>How all plots look, and the two formats they are kept in.</summary>
internal static class PlotFile
{
    private const int Width = 960;
    private const int Height = 540;

    /// <summary>Writes <paramref name="name"/>.svg and .png.</summary>
    public static void Save(Plot plot, string folder, string name)
    {
        plot.ShowLegend(Alignment.UpperLeft);
        plot.SaveSvg(Path.Combine(folder, $"{name}.svg"), Width, Height);
        plot.SavePng(Path.Combine(folder, $"{name}.png"), Width, Height);
    }
}
