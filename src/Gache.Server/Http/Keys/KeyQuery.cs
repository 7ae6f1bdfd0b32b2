using System.Globalization;
using System.Text;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>The parameters of a request on a key, from the raw query.</summary>
/// <remarks><c>Request.Query</c> would turn <c>+</c> into a space, and quietly take what it does not know.</remarks>
/// <param name="Level">What a read promises.</param>
/// <param name="Counter">What to add; null where nothing is.</param>
/// <param name="Ttl">For how long the key is to be there.</param>
/// <param name="IsTouch">Whether only that is asked for, without a value.</param>
/// <param name="Wait">For how long the request waits for its condition; zero: not at all.</param>
/// <param name="MinRevision">Of a stale read: what it must see at least; 0: nothing.</param>
internal readonly record struct KeyQuery(
    ReadLevel Level, CounterTerms? Counter = null, Ttl Ttl = default, bool IsTouch = false, TimeSpan Wait = default, ulong MinRevision = 0)
{
    /// <summary>The longest that a request may wait for its condition.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>The longest parameter name or value that is looked at, in bytes.</summary>
    private const int MaxBytes = 64;

    /// <summary>Reads the query of a request with <paramref name="method"/>.</summary>
    /// <returns>Null if it is good, else the problem, with its words in <paramref name="detail"/>.</returns>
    public static Problem? Parse(ReadOnlySpan<char> raw, string method, out KeyQuery query, out string detail)
    {
        query = default;
        detail = "";
        if (raw.IsEmpty) return null;
        if (raw.Contains('+'))
            return Refuse(ProblemTable.ParameterAmbiguous, "some clients mean a space by +: write %20 or %2B", out detail);

        var seen = Parameters.None;
        CounterTerms counter = new(0);
        foreach (Range piece in raw.Split('&'))
        {
            ReadOnlySpan<char> pair = raw[piece];
            if (pair.IsEmpty) continue; // "?a=1&" and "?" say nothing

            int equals = pair.IndexOf('=');
            if (!TryDecode(equals < 0 ? pair : pair[..equals], out string name)
                || !TryDecode(equals < 0 ? default : pair[(equals + 1)..], out string value))
                return Refuse(ProblemTable.ParameterMalformed, "a parameter has a bad percent-escape or is too long", out detail);

            Parameters parameter = ParameterOf(name, method);
            if (parameter == Parameters.None)
                return Refuse(ProblemTable.ParameterUnknown, $"'{name}' is no parameter of {method} on a key", out detail);
            if ((seen & parameter) != 0) return Refuse(ProblemTable.ParameterUnknown, $"'{name}' stands there twice", out detail);

            seen |= parameter;
            if (parameter == Parameters.Level && !TryParseLevel(value, ref query))
                return Refuse(ProblemTable.ParameterMalformed, "level is 'linearizable' or 'stale'", out detail);
            if ((parameter & (Parameters.Add | Parameters.Min | Parameters.Max)) != 0 && !TryParseNumber(parameter, value, ref counter))
                return Refuse(ProblemTable.ParameterMalformed, $"{name} is a decimal 64-bit number", out detail);
            if ((parameter & (Parameters.Ttl | Parameters.Touch)) != 0)
            {
                if (!Ttl.TryParse(value, mayKeep: parameter == Parameters.Ttl, out Ttl ttl)) return Refuse(ProblemTable.TtlMalformed, Ttl.Words, out detail);
                query = query with { Ttl = ttl, IsTouch = parameter == Parameters.Touch };
            }

            if (parameter == Parameters.Wait && !TryParseWait(value, ref query))
                return Refuse(ProblemTable.ParameterMalformed, "wait is as in 1500ms, 30s or 5m, or a number of seconds; 1 ms to 5 minutes", out detail);
            if (parameter == Parameters.MinRevision && !TryParseRevision(value, ref query))
                return Refuse(ProblemTable.ParameterMalformed, "min-revision is a revision, as an earlier answer's Gache-Revision has it", out detail);
        }

        if ((seen & Parameters.MinRevision) != 0 && query.Level != ReadLevel.Stale)
            return Refuse(ProblemTable.ParameterMalformed, "min-revision goes with level=stale; a linearizable read sees all that was acknowledged before it anyway", out detail);
        if ((seen & (Parameters.Min | Parameters.Max)) != 0 && ((seen & Parameters.Add) == 0 || counter.Min > counter.Max))
            return Refuse(ProblemTable.ParameterMalformed, "min and max bound the sum of add, and min is not above max", out detail);

        if ((seen & Parameters.Touch) != 0 && (seen & (Parameters.Ttl | Parameters.Add)) != 0)
            return Refuse(ProblemTable.ParameterMalformed, "touch stands alone: it says itself for how long", out detail);
        if ((seen & Parameters.Add) != 0) query = query with { Counter = counter };
        return null;
    }

    private static Problem Refuse(Problem problem, string words, out string detail)
    {
        detail = words;
        return problem;
    }

    private static bool TryDecode(ReadOnlySpan<char> text, out string decoded)
    {
        decoded = "";
        int length = PercentDecoding.Length(text);
        if (length is < 0 or > MaxBytes) return false;

        Span<byte> bytes = stackalloc byte[length];
        PercentDecoding.Decode(text, bytes);
        decoded = Encoding.Latin1.GetString(bytes);
        return true;
    }

    private static bool TryParseLevel(string value, ref KeyQuery query)
    {
        query = query with { Level = value == "stale" ? ReadLevel.Stale : ReadLevel.Linearizable };
        return value is "stale" or "linearizable";
    }

    private static bool TryParseWait(string value, ref KeyQuery query)
    {
        if (!Ttl.TryParse(value, mayKeep: false, out Ttl time) || time.Milliseconds > LongestWait.TotalMilliseconds) return false;
        query = query with { Wait = TimeSpan.FromMilliseconds(time.Milliseconds) };
        return true;
    }

    private static bool TryParseRevision(string value, ref KeyQuery query)
    {
        bool isRevision = ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong revision);
        query = query with { MinRevision = revision };
        return isRevision;
    }

    private static bool TryParseNumber(Parameters parameter, string value, ref CounterTerms counter)
    {
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) return false;
        counter = parameter switch
        {
            Parameters.Add => counter with { Delta = number },
            Parameters.Min => counter with { Min = number },
            _ => counter with { Max = number },
        };
        return true;
    }

    private static Parameters ParameterOf(string name, string method)
    {
        bool isRead = method == HttpMethods.Get || method == HttpMethods.Head;
        bool isPost = method == HttpMethods.Post;
        return name switch
        {
            "level" when isRead => Parameters.Level,
            "min-revision" when isRead => Parameters.MinRevision,
            "wait" => Parameters.Wait,
            "ttl" when isPost || method == HttpMethods.Put => Parameters.Ttl,
            "add" when isPost => Parameters.Add,
            "min" when isPost => Parameters.Min,
            "max" when isPost => Parameters.Max,
            "touch" when isPost => Parameters.Touch,
            _ => Parameters.None,
        };
    }

    [Flags]
    private enum Parameters
    {
        None = 0,
        Level = 1,
        MinRevision = 2,
        Wait = 4,
        Ttl = 8,
        Add = 16,
        Min = 32,
        Max = 64,
        Touch = 128,
    }
}
