using System.CommandLine;
using System.CommandLine.Help;
using System.Net.Sockets;
using Gache.Bench.Measure;
using Gache.Bench.Report;
using Gache.Tool.Terminals;

namespace Gache.Bench.CommandLine;

/// <summary><c>./gache bench</c>.</summary>
internal static class BenchCommand
{
    /// <summary>Reads the line and does what it says.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        var line = new BenchLine();
        line.Command.SetAction(async (parse, _) => line.TryRead(parse, out BenchOptions? options, out string? wrong)
            ? await RunAsync(options, terminal).ConfigureAwait(false)
            : terminal.Refuse(ExitCode.Usage, wrong));

        // No RootCommand: it would call itself by the name of its file, which nobody types.
        var gache = new Command("./gache", "Without a word ./gache is a node; see ./gache --help.") { line.Command };
        gache.Options.Add(new HelpOption("--help", "-h", "-?") { Recursive = true });

        // "@x" would otherwise read arguments from the file x.
        ParseResult parse = gache.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Errors.Count > 0) return terminal.Refuse(ExitCode.Usage, parse.Errors[0].Message);
        return await parse.InvokeAsync(new InvocationConfiguration
        {
            Output = terminal.Output,
            Error = terminal.Errors,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Ctrl-C ends the part that runs, and what was measured is shown
        }).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(BenchOptions options, Terminal terminal)
    {
        // Before anything runs: an hour's figures must not be lost for a folder that cannot be written.
        if (ReportFiles.WhyNotWritable(options) is { } why) return terminal.Refuse(ExitCode.CannotWrite, why);
        BenchRun run;
        try
        {
            run = new BenchRun(options);
        }
        catch (SocketException fault)
        {
            return terminal.Refuse(ExitCode.Unreachable, $"{string.Join(", ", options.Addresses)}: {fault.Message}");
        }

        if (!await run.AnyoneListensAsync().ConfigureAwait(false))
            return terminal.Refuse(ExitCode.Unreachable, $"nobody answers at {string.Join(", ", options.Addresses)}; ./gache starts a node");

        using var signals = new StopSignals();
        var results = new List<LoadResult>();
        var screen = new ProgressLine(terminal);
        foreach (Part part in options.Parts)
        {
            if (signals.End.IsCancellationRequested) break;
            if (await screen.WhileAsync("fill", null, watch => run.FillAsync(part, watch, signals.End)).ConfigureAwait(false) is { } filled && (filled.Wrong > 0 || filled.Right == 0))
            {
                results.Add(filled);
                break;
            }

            results.Add(await screen.WhileAsync(part.Name, options.Duration, watch => run.RunAsync(part, watch, signals.End)).ConfigureAwait(false));
        }

        TableReport.Write(options, results, terminal);
        ReportFiles.Write(options, results);
        return results.Any(result => result.Wrong > 0) ? ExitCode.WrongAnswers
            : results.Any(result => result.Right == 0 && !signals.End.IsCancellationRequested) ? ExitCode.Unreachable
            : ExitCode.Done;
    }
}
