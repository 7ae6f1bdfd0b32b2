using System.CommandLine;
using System.CommandLine.Help;
using Gache.Compare.Modes;
using Gache.Compare.Subjects;
using Gache.Tool.CommandLine;
using Gache.Tool.Terminals;

namespace Gache.Compare;

/// <summary><c>bench/compare</c> with its modes.</summary>
internal static class CompareCommand
{
    private const int Usage = 64;
    private const int Failed = 70;

    /// <summary>Reads the line and does what it says.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        Option<int?> rounds = NumberOption.Create("--rounds", "N", "interleaved rounds; medians and spreads are over them [5; failover 20]", 1, 1_000);
        Option<int?> seconds = NumberOption.Create("--seconds", "N", "of each measurement in a round [5]", 1, 3_600);
        Option<int?> mostKeys = NumberOption.Create("--most-keys", "N", "growth: largest number of keys [10000000]", 10_000, 100_000_000);
        Option<int?> mostCallers = NumberOption.Create("--most-connections", "N", "growth: largest number of connections [10000]", 10, 10_000);
        var only = new Option<string?>("--only") { HelpName = "NAMES", Description = "which of the contestants, separated by commas [all that are installed]" };
        var dry = new Option<bool>("--dry-run") { Description = "prints, and leaves docs/performance.md as it is" };
        var other = new Argument<string?>("PROGRAM") { Description = "the other build's server: a file named gache" };

        var compare = new Command("bench/compare", "Measures gache beside what else one would take, in interleaved rounds of one run on this machine, and writes the tables and plots of docs/performance.md.");
        CompareOptions Read(ParseResult parse, int defaultRounds) => new()
        {
            Rounds = parse.GetValue(rounds) ?? defaultRounds,
            Duration = TimeSpan.FromSeconds(parse.GetValue(seconds) ?? 5),
            MostKeys = parse.GetValue(mostKeys) ?? 10_000_000,
            MostCallers = parse.GetValue(mostCallers) ?? 10_000,
            Only = parse.GetValue(only)?.Split(',', StringSplitOptions.TrimEntries),
            Other = parse.GetValue(other),
            IsWriting = !parse.GetValue(dry),
        };
        Command Word(string name, string what, int defaultRounds, Func<Workbench, CompareOptions, CancellationToken, Task> run)
        {
            var word = name == "builds" ? new Command(name, what) { other, rounds, seconds } : new Command(name, what) { rounds, seconds, only, dry };
            if (name == "growth")
            {
                word.Options.Add(mostKeys);
                word.Options.Add(mostCallers);
            }

            word.SetAction(async (parse, _) =>
            {
                using var signals = new StopSignals();
                using var bench = new Workbench();
                try
                {
                    await run(bench, Read(parse, defaultRounds), signals.End).ConfigureAwait(false);
                    return 0;
                }
                catch (CompareException fault)
                {
                    Console.Error.WriteLine($"bench/compare: {fault.Message}");
                    return Failed;
                }
                catch (OperationCanceledException)
                {
                    return 130;
                }
            });
            return word;
        }

        var root = new Command("bench");
        compare = Word("compare", compare.Description!, 5, PeersMode.RunAsync);
        compare.Subcommands.Add(Word("growth", "10 thousand to 10 million keys, 10 to 10,000 connections, values of 1 byte to 1 MiB.", 5, GrowthMode.RunAsync));
        compare.Subcommands.Add(Word("failover", "The longest gap between acknowledged writes when the leader of three is killed, and when it is paused.", 20, FailoverMode.RunAsync));
        compare.Subcommands.Add(Word("elections", "Whether three nodes under full load, to which nothing happens, hold elections.", 5, ElectionsMode.RunAsync));
        compare.Subcommands.Add(Word("snapshot", "What writes at half of the peak rate feel of a snapshot.", 5, SnapshotMode.RunAsync));
        compare.Subcommands.Add(Word("start", "From exec to the first answer, memory when idle, and size on disk.", 10, StartMode.RunAsync));
        compare.Subcommands.Add(Word("consensus", "Proposals inside a process of three replicas, without HTTP, beside DotNext.Net.Cluster.", 5, ConsensusMode.RunAsync));
        compare.Subcommands.Add(Word("builds", "This gache beside another build of it: whether a change costs anything. Only prints.", 14, BuildsMode.RunAsync));
        root.Subcommands.Add(compare);
        root.Options.Add(new HelpOption("--help", "-h", "-?") { Recursive = true });

        ParseResult line = root.Parse(["compare", .. args], new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (line.Errors.Count > 0)
        {
            Console.Error.WriteLine($"bench/compare: {line.Errors[0].Message}");
            return Usage;
        }

        return await line.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }).ConfigureAwait(false);
    }
}
