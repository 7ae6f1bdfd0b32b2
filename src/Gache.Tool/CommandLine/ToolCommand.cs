using System.CommandLine;
using System.CommandLine.Help;
using Gache.Tool.Operate.Words;
using Gache.Tool.Terminals;

namespace Gache.Tool.CommandLine;

/// <summary>The words that the tool knows; <c>./gache</c> passes them on with all that follows.</summary>
internal static class ToolCommand
{
    /// <summary>Reads the line and does what it says.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, TimeProvider clock)
    {
        // No RootCommand: it would call itself by the name of its file, which nobody types.
        var gache = new Command("./gache", "What an operator types. Without one of these words ./gache is a node; see ./gache --help.");
        gache.Options.Add(new HelpOption("--help", "-h", "-?") { Recursive = true });
        gache.Subcommands.Add(PlaygroundWord.Create(terminal));
        gache.Subcommands.Add(LockWord.Create(terminal));
        gache.Subcommands.Add(ClusterWord.Create(terminal, clock));

        // "@x" would otherwise read arguments from the file x.
        ParseResult parse = gache.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Errors.Count > 0) return terminal.Refuse(ExitCode.Usage, Wrong(parse));
        return await parse.InvokeAsync(new InvocationConfiguration
        {
            Output = terminal.Output,
            Error = terminal.Errors,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // each word hears signals itself
        }).ConfigureAwait(false);
    }

    private static string Wrong(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        if (command.Subcommands.Count == 0) return parse.Errors[0].Message;
        string words = string.Join(", ", command.Subcommands.Select(word => word.Name));
        return parse.UnmatchedTokens.Count == 0 ? $"a word is missing: {words}" : $"'{parse.UnmatchedTokens[0]}' is none of {words}";
    }
}
