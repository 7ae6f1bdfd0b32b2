using System.Globalization;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>For how long a key is to be there, as a query says it.</summary>
/// <param name="Milliseconds">1 ms to 10 years; 0: not said.</param>
/// <param name="Keeps">What is left stays as it is.</param>
internal readonly record struct Ttl(ulong Milliseconds, bool Keeps)
{
    /// <summary>What a client is told of a malformed one.</summary>
    public const string Words = "a time to live is as in 1500ms, 30s, 5m, 2h or 7d, or a number of seconds; 1 ms to 10 years; ttl may be 'keep'";

    /// <summary>Reads one.</summary>
    public static bool TryParse(string text, bool mayKeep, out Ttl ttl)
    {
        ttl = new Ttl(0, Keeps: true);
        if (text == "keep") return mayKeep;

        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits < 0) digits = text.Length;
        ulong unit = text[digits..] switch
        {
            "ms" => 1,
            "" or "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => 0,
        };
        if (unit == 0 || !ulong.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)) return false;
        if (number == 0 || number > WriteOptions.MaxTtlMilliseconds / unit) return false;
        ttl = new Ttl(number * unit, Keeps: false);
        return true;
    }
}
