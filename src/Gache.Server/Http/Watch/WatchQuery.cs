using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Watch;

/// <summary>What a watch asks for, from the raw query.</summary>
/// <param name="Filter">Which keys.</param>
/// <param name="From">Where to go on; null: now.</param>
internal readonly record struct WatchQuery(WatchFilter Filter, string? From)
{
    /// <summary>Reads a query.</summary>
    /// <returns>Null if it is good, else the problem, with its words in <paramref name="detail"/>.</returns>
    public static Problem? Parse(ReadOnlySpan<char> raw, out WatchQuery query, out string detail)
    {
        query = default;
        byte[]? key = null;
        byte[]? prefix = null;
        string? from = null;
        if (raw.Contains('+')) return Refuse(ProblemTable.ParameterAmbiguous, "some clients mean a space by +: write %20 or %2B", out detail);
        foreach (Range piece in raw.Split('&'))
        {
            ReadOnlySpan<char> pair = raw[piece];
            if (pair.IsEmpty) continue;
            int equals = pair.IndexOf('=');
            ReadOnlySpan<char> name = equals < 0 ? pair : pair[..equals];
            ReadOnlySpan<char> text = equals < 0 ? default : pair[(equals + 1)..];
            int length = PercentDecoding.Length(text);
            if (length < 0) return Refuse(ProblemTable.ParameterMalformed, "a parameter has a bad percent-escape", out detail);
            byte[] value = new byte[Math.Min(length, WatchCursor.MaxChars)];
            if (value.Length == length) PercentDecoding.Decode(text, value);
            bool isTaken = name switch
            {
                "key" => TryTake(ref key, value),
                "prefix" => TryTake(ref prefix, value),
                "from" when from is null => (from = System.Text.Encoding.Latin1.GetString(value)) is not null,
                _ => false,
            };
            if (!isTaken) return Refuse(ProblemTable.ParameterUnknown, $"a watch takes key= or prefix=, and from=, each once, and not '{name.Length switch { > 64 => "…", _ => name }}'", out detail);
        }

        if (key is null == prefix is null) return Refuse(ProblemTable.ParameterMalformed, "a watch is of key=… or of prefix=… (prefix= alone watches all keys)", out detail);
        if (key is { Length: 0 }) return Refuse(ProblemTable.KeyEmpty, "a key has at least one byte", out detail);
        if ((key ?? prefix)!.Length > StoreLimits.MaxKeyBytes)
            return Refuse(ProblemTable.KeyTooLong, $"a key has at most {StoreLimits.MaxKeyBytes} bytes after percent-decoding", out detail);
        query = new WatchQuery(key is not null ? WatchFilter.OfKey(key) : WatchFilter.OfPrefix(prefix), from);
        detail = "";
        return null;
    }

    private static bool TryTake(ref byte[]? place, byte[] value)
    {
        if (place is not null) return false;
        place = value;
        return true;
    }

    private static Problem Refuse(Problem problem, string words, out string detail)
    {
        detail = words;
        return problem;
    }
}
