using System.Collections;
using System.CommandLine;
using System.CommandLine.Help;
using Gache.Server.Hosting;

namespace Gache.Server.Options;

/// <summary>What came of the command line: options to run with, or a text to print and leave.</summary>
/// <param name="Options">The options, or null.</param>
/// <param name="Text">What to print if there are none.</param>
/// <param name="ExitCode">Whether that is an answer (0, to stdout) or a usage error (64, to stderr).</param>
internal sealed record CommandLineResult(ServerOptions? Options, string Text, int ExitCode);

/// <summary>Reads command line and environment by the table of options.</summary>
internal static class CommandLine
{
    /// <summary>Reads the arguments, and for what they leave out the environment.</summary>
    public static CommandLineResult Read(string[] args, IDictionary environment, string version)
    {
        var command = new RootCommand(
            "gache: a key-value database that you can curl. Each option is also an environment variable: --my-flag is GACHE_MY_FLAG; the flag wins.\n"
            + "Some words start a tool instead of a node: \"gache playground\" a whole cluster to try, \"gache cluster\" what looks after one, \"gache lock\" a command under a lock, \"gache bench\" a load that is measured; all take --help.");
        command.Options.Clear();
        var help = new HelpOption("--help", "-h", "-?");
        var versionOption = new Option<bool>("--version") { Description = "Prints the version" };
        command.Options.Add(help);
        command.Options.Add(versionOption);
        Dictionary<OptionRow, Option<string?>> options = [];
        foreach (OptionRow row in OptionTable.Rows) command.Options.Add(options[row] = OptionOf(row));

        // "@x" would otherwise read arguments from the file x.
        ParseResult parse = command.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (IsSaid(parse, help)) return new CommandLineResult(null, HelpText(parse), ExitCode.Stopped);
        if (IsSaid(parse, versionOption)) return new CommandLineResult(null, $"gache {version}\n", ExitCode.Stopped);
        if (parse.Errors.Count > 0) return Refuse($"{parse.Errors[0].Message.TrimEnd('.')}; see gache --help");

        var draft = new OptionsDraft();
        if (UnknownVariable(environment) is { } unknown) return Refuse(unknown);
        foreach ((OptionRow row, Option<string?> option) in options)
        {
            bool isSaid = IsSaid(parse, option);
            string? value = isSaid ? row.Placeholder is null ? "true" : parse.GetValue(option) : environment[row.Variable] as string;
            if (value is null || (!isSaid && value.Length == 0)) continue; // an empty variable is as good as none
            if (row.Set(draft, value) is { } words)
                return Refuse($"{(isSaid ? row.Flag : row.Variable)} '{value}' is not possible: {words}");
        }

        return OptionsCheck.Complete(draft, out ServerOptions complete) is { } wrong
            ? Refuse(wrong)
            : new CommandLineResult(complete, "", ExitCode.Stopped);
    }

    private static bool IsSaid(ParseResult parse, Option option) => parse.GetResult(option) is { Implicit: false };

    private static Option<string?> OptionOf(OptionRow row) => new(row.Flag, row.Alias is { } alias ? [alias] : [])
    {
        Description = $"{row.Words} [{row.Default}]",
        HelpName = row.Placeholder,
        Hidden = !row.IsShown,
        Arity = row.Placeholder is null ? ArgumentArity.Zero : row.MayRepeat ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne,
        CustomParser = row.MayRepeat ? said => string.Join(',', said.Tokens.Select(token => token.Value)) : null,
    };

    private static string HelpText(ParseResult parse)
    {
        using var text = new StringWriter();
        parse.Invoke(new InvocationConfiguration { Output = text, Error = text, ProcessTerminationTimeout = null });
        return text.ToString();
    }

    /// <summary>A misspelt variable would otherwise be an option that silently is not set.</summary>
    private static string? UnknownVariable(IDictionary environment)
    {
        foreach (string name in environment.Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            if (!name.StartsWith(OptionTable.VariablePrefix, StringComparison.Ordinal)) continue;
            if (name == LockToken) continue;
            bool isService = environment[name] is string value && value.StartsWith("tcp://", StringComparison.Ordinal);
            if (OptionTable.Rows.Any(row => row.Variable == name) && !isService) continue;

            return isService || name.StartsWith("GACHE_SERVICE_", StringComparison.Ordinal) || name.StartsWith("GACHE_PORT_", StringComparison.Ordinal)
                ? $"{name} comes from a Kubernetes service named gache and is no option: set enableServiceLinks: false in the pod"
                : $"{name} in the environment is no option of gache; see gache --help";
        }

        return null;
    }

    /// <summary>What <c>gache lock</c> hands to its command, which may be a node.</summary>
    private const string LockToken = "GACHE_FENCING_TOKEN";

    private static CommandLineResult Refuse(string words) =>
        new(null, $"gache: {words.ReplaceLineEndings(" ").TrimEnd()}\n", ExitCode.Usage);
}
