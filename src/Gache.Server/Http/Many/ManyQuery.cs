using System.Globalization;
using System.Text;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>The parameters of a request on <c>/keys</c>, from the raw query.</summary>
/// <param name="Prefix">What the keys begin with; null where none is given.</param>
/// <param name="From">Where to go on; null for a first page.</param>
/// <param name="Limit">At most so many keys.</param>
/// <param name="WithValues">Whether values are wanted.</param>
/// <param name="IsDryRun">DELETE: whether it only counts.</param>
internal sealed record ManyQuery(byte[]? Prefix, ScanPosition? From, int Limit, bool WithValues, bool IsDryRun)
{
    private const int DefaultLimit = 100;

    /// <summary>Reads the query.</summary>
    /// <returns>Null if it is good, else the problem, with its words in <paramref name="detail"/>.</returns>
    public static Problem? Parse(ReadOnlySpan<char> raw, bool isDelete, out ManyQuery query, out string detail)
    {
        query = new ManyQuery(null, null, DefaultLimit, false, false);
        detail = "";
        if (raw.Contains('+')) return Refuse(ProblemTable.ParameterAmbiguous, "some clients mean a space by +: write %20 or %2B", out detail);

        var seen = new HashSet<string>();
        foreach (Range piece in raw.Split('&'))
        {
            ReadOnlySpan<char> pair = raw[piece];
            if (pair.IsEmpty) continue;
            int equals = pair.IndexOf('=');
            if (Decode(equals < 0 ? pair : pair[..equals]) is not { } nameBytes || Decode(equals < 0 ? default : pair[(equals + 1)..]) is not { } value)
                return Refuse(ProblemTable.ParameterMalformed, "a parameter has a bad percent-escape", out detail);
            string name = Encoding.Latin1.GetString(nameBytes);
            if (!IsKnown(name, isDelete)) return Refuse(ProblemTable.ParameterUnknown, $"'{Shorten(name)}' is no parameter of {(isDelete ? "DELETE" : "GET")} /keys", out detail);
            if (!seen.Add(name)) return Refuse(ProblemTable.ParameterUnknown, $"'{name}' stands there twice", out detail);
            if (Take(name, value, ref query) is { } words) return Refuse(ProblemTable.ParameterMalformed, words, out detail);
        }

        return isDelete && query.Prefix is null or { Length: 0 }
            ? Refuse(ProblemTable.PrefixRequired, "say which keys are to go: ?prefix= with at least one byte; ?dry-run=true only counts them", out detail)
            : null;
    }

    private static bool IsKnown(string name, bool isDelete) => name is "prefix" or "cursor" || (isDelete ? name == "dry-run" : name is "limit" or "values");

    private static string? Take(string name, byte[] value, ref ManyQuery query)
    {
        string text = Encoding.Latin1.GetString(value);
        switch (name)
        {
            case "prefix":
                if (value.Length > StoreLimits.MaxKeyBytes) return $"a prefix has at most {StoreLimits.MaxKeyBytes} bytes";
                query = query with { Prefix = value };
                return null;
            case "cursor":
                if (ScanCursor.Parse(value) is not { } from) return ScanCursor.Words;
                query = query with { From = from };
                return null;
            case "limit":
                if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) || limit is 0 or > ScanQuery.MaxKeysOfPage) return $"limit is 1 to {ScanQuery.MaxKeysOfPage}";
                query = query with { Limit = limit };
                return null;
            default:
                if (text is not ("true" or "false")) return $"{name} is 'true' or 'false'";
                query = name == "values" ? query with { WithValues = text == "true" } : query with { IsDryRun = text == "true" };
                return null;
        }
    }

    private static byte[]? Decode(ReadOnlySpan<char> text)
    {
        int length = PercentDecoding.Length(text);
        if (length < 0) return null;
        byte[] bytes = new byte[length];
        PercentDecoding.Decode(text, bytes);
        return bytes;
    }

    private static string Shorten(string name) => name.Length <= 64 ? name : name[..64] + "…";

    private static Problem Refuse(Problem problem, string words, out string detail)
    {
        detail = words;
        return problem;
    }
}
