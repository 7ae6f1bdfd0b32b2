using System.Globalization;

namespace Gache.Compare.Report;

/// <summary>One figure over all rounds.</summary>
internal readonly record struct Spread(double Median, double Least, double Most)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0
            ? default
            : new Spread((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }

    /// <summary>As tables have it: median [least-most].</summary>
    public string Show(string format) => string.Create(
        CultureInfo.InvariantCulture, $"{Median.ToString(format, CultureInfo.InvariantCulture)} [{Least.ToString(format, CultureInfo.InvariantCulture)}-{Most.ToString(format, CultureInfo.InvariantCulture)}]");
}
