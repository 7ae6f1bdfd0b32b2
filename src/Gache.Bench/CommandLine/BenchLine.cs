using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Gache.Bench.Keys;
using Gache.Bench.Load;
using Gache.Bench.Wire;
using Gache.Primitives;
using Gache.Tool.CommandLine;

namespace Gache.Bench.CommandLine;

/// <summary>The options of <c>./gache bench</c>, and what they make together.</summary>
internal sealed class BenchLine
{
    private const int MaxSeconds = 86_400;

    private readonly Argument<string> addresses = new("HOST:PORT,...")
    {
        Description = "API addresses of nodes, separated by commas; callers are spread over them, and remember who owns a key",
    };

    private readonly Option<string?> only = Text("--only", "PARTS", "which of Set, Get (one caller), PSet, PGet (many), Mix, separated by commas [the four; with --read-ratio Mix]");
    private readonly Option<int?> callers = NumberOption.Create("--connections", "N", $"callers at a time in PSet, PGet and Mix, one connection each [{BenchOptions.DefaultCallers}]", 1, BenchOptions.MaxCallers);
    private readonly Option<int?> seconds = NumberOption.Create("--seconds", "N", $"how long each part is measured [{BenchOptions.DefaultSeconds}]", 1, MaxSeconds);
    private readonly Option<int?> warmUp = NumberOption.Create("--warm-up", "N", $"seconds before that are not measured, but verified [{BenchOptions.DefaultWarmUp}]", 0, MaxSeconds);
    private readonly Option<int?> keys = NumberOption.Create("--keys", "N", $"keys are /key/0 to /key/N-1 [{BenchOptions.DefaultKeys}]", 1, BenchOptions.MaxKeys);
    private readonly Option<string?> prefix = Text("--prefix", "TEXT", "stands before the number in each key, so that others' keys are left alone [nothing]");
    private readonly Option<string?> valueSize = Text("--value-size", "SIZE", "bytes of a value, as in 100 or 64KiB [the key's URL as it is]");
    private readonly Option<string?> distribution = Text("--distribution", "NAME", "which key is next: sequential, uniform or zipfian [sequential]");
    private readonly Option<double?> skew = Number("--skew", "X", $"exponent of zipfian [{ZipfianKeys.DefaultSkew.ToString(CultureInfo.InvariantCulture)}]", 0.01, 10);
    private readonly Option<double?> ratio = Number("--read-ratio", "X", "Mix: share of GETs, 0 to 1", 0, 1);
    private readonly Option<double?> rate = Number("--rate", "N", "open loop in PSet, PGet and Mix: so many requests are due each second, answered or not, and latency counts from then [closed: each caller waits for its answer]", 0.1, 10_000_000);
    private readonly Option<bool> backOff = new("--back-off") { Description = "a caller that was refused rests for as long as Retry-After says [10 ms, whatever it says]" };
    private readonly Option<double?> timeout = Number("--timeout", "SECONDS", "when a request is given up [10]", 0.01, 3_600);
    private readonly Option<string?> level = Text("--level", "LEVEL", "of reads: linearizable or stale [linearizable]");
    private readonly Option<string?> verify = Text("--verify", "WHAT", "what is looked at in an answer: status, length or content [content]");
    private readonly Option<bool> noFill = new("--no-fill") { Description = "does not set the keys that a part reads; those that are not there count as missing" };
    private readonly Option<int?> seed = NumberOption.Create("--seed", "N", "start of all dice [1]", 0, int.MaxValue);
    private readonly Option<int?> threads = NumberOption.Create(LoadThreads.OptionName, "N", "threads that carry the load [one a processor]", 1, LoadThreads.Max);
    private readonly Option<string?> json = Text("--json", "FILE", "writes all figures there");
    private readonly Option<string?> plot = Text("--plot", "FOLDER", "draws latency over percentile and throughput over time there, as SVG and PNG");

    public BenchLine()
    {
        callers.Aliases.Add("-c");
        Command = new Command("bench", "Measures a cluster as its clients see it, and verifies each answer.")
        {
            addresses, only, callers, seconds, warmUp, keys, prefix, valueSize, distribution, skew, ratio, rate, backOff, timeout, level, verify, noFill, seed, threads, json, plot,
        };
    }

    /// <summary>The word with its options.</summary>
    public Command Command { get; }

    /// <summary>What a line asks for; false with the reason if its parts do not go together.</summary>
    public bool TryRead(ParseResult parse, [NotNullWhen(true)] out BenchOptions? options, [NotNullWhen(false)] out string? wrong)
    {
        options = null;
        wrong = null;
        string[] hosts = (parse.GetValue(addresses) ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (hosts.FirstOrDefault(host => !Address.IsValid(host)) is { } bad) wrong = $"'{bad}' is not possible: an address is HOST:PORT, as in 127.0.0.1:8001";

        Distribution? order = Named<Distribution>(parse.GetValue(distribution) ?? nameof(Distribution.Sequential));
        Verification? look = Named<Verification>(parse.GetValue(verify) ?? nameof(Verification.Content));
        string? stale = parse.GetValue(level);
        string before = parse.GetValue(prefix) ?? "";
        double? reads = parse.GetValue(ratio);
        if (order is null) wrong ??= "--distribution is sequential, uniform or zipfian";
        if (look is null) wrong ??= "--verify is status, length or content";
        if (stale is not (null or "linearizable" or "stale")) wrong ??= "--level is linearizable or stale";
        if (before.Length > 100 || before.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.' or '~' or '/')))
            wrong ??= "--prefix takes at most 100 letters, digits and - _ . ~ /";

        IReadOnlyList<Part>? parts = PartsOf(parse.GetValue(only), reads, ref wrong);
        long? bytes = null;
        if (parse.GetValue(valueSize) is { } size)
        {
            if (ByteSize.TryParse(size, out long value) && value <= BenchOptions.MaxValueBytes) bytes = value;
            else wrong ??= $"--value-size '{size}' is not possible: 0 to 8MiB, as in 100 or 64KiB";
        }

        int many = parse.GetValue(callers) ?? BenchOptions.DefaultCallers;
        if (many * (bytes ?? 0) > BenchOptions.MaxRequestBytes) wrong ??= "so many connections with so large values need more than 2 GiB of memory here";
        if (wrong is not null || parts is null || order is null || look is null)
        {
            wrong ??= "the line makes no sense";
            return false;
        }

        options = new BenchOptions
        {
            Addresses = hosts,
            Parts = parts,
            Callers = many,
            KeyCount = parse.GetValue(keys) ?? BenchOptions.DefaultKeys,
            Prefix = before,
            ValueBytes = (int?)bytes,
            Distribution = order.Value,
            Skew = parse.GetValue(skew) ?? ZipfianKeys.DefaultSkew,
            Seed = parse.GetValue(seed) ?? 1,
            Rate = parse.GetValue(rate),
            BacksOff = parse.GetValue(backOff),
            Duration = TimeSpan.FromSeconds(parse.GetValue(seconds) ?? BenchOptions.DefaultSeconds),
            WarmUp = TimeSpan.FromSeconds(parse.GetValue(warmUp) ?? BenchOptions.DefaultWarmUp),
            Timeout = TimeSpan.FromSeconds(parse.GetValue(timeout) ?? 10),
            Level = stale,
            Verification = look.Value,
            IsFilling = !parse.GetValue(noFill),
            JsonFile = parse.GetValue(json),
            PlotFolder = parse.GetValue(plot),
        };
        return true;
    }

    private static IReadOnlyList<Part>? PartsOf(string? names, double? reads, ref string? wrong)
    {
        if (names is null) return reads is { } share ? [Part.Mix(share)] : Part.Four;
        var parts = new List<Part>();
        foreach (string name in names.Split(',', StringSplitOptions.TrimEntries))
        {
            Part? part = Part.Four.FirstOrDefault(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (part is null && name.Equals("Mix", StringComparison.OrdinalIgnoreCase))
            {
                if (reads is { } share) part = Part.Mix(share);
                else wrong ??= "Mix needs --read-ratio";
            }

            if (part is null) wrong ??= $"--only '{name}' is none of Set, Get, PSet, PGet, Mix";
            else parts.Add(part);
        }

        return parts;
    }

    private static T? Named<T>(string name)
        where T : struct, Enum => name.Length > 0 && char.IsLetter(name[0]) && Enum.TryParse(name, ignoreCase: true, out T value) ? value : null;

    private static Option<string?> Text(string name, string placeholder, string description) => new(name) { HelpName = placeholder, Description = description };

    private static Option<double?> Number(string name, string placeholder, string description, double least, double most) => new(name)
    {
        Description = description,
        HelpName = placeholder,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number >= least && number <= most) return number;
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} '{text}' is not possible: a number from {least} to {most}"));
            return null;
        },
    };
}
