using System.Globalization;

namespace Gache.Bench.CommandLine;

/// <summary>Sizes as the server's options take them: <c>100</c>, <c>512KiB</c>, <c>1MiB</c>.</summary>
internal static class ByteSize
{
    private static readonly (string Suffix, int Bytes)[] Units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("", 1)];

    /// <summary>Reads one.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        (string suffix, int unit) = Units.First(each => text.EndsWith(each.Suffix, StringComparison.Ordinal));
        bool isNumber = int.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        bytes = (long)number * unit;
        return isNumber;
    }
}
