using Gache.Tool.CommandLine;
using Gache.Tool.Terminals;
using Gache.Tool.Tests.Operate;

namespace Gache.Tool.Tests;

/// <summary>What a word said and how it ended.</summary>
internal sealed record Said(int ExitCode, string Output, string Errors);

/// <summary>Types words in this process.</summary>
internal static class Words
{
    /// <summary>Without a terminal, as from a script.</summary>
    public static Task<Said> TypeAsync(params string[] args) => TypeAsync(null, args);

    /// <summary>With a person at a terminal who answers <paramref name="answer"/>; without one if it is null.</summary>
    public static async Task<Said> TypeAsync(string? answer, string[] args, bool isScreen = false)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var terminal = new Terminal(new StringReader(answer ?? ""), output, errors, isScreen, CanAsk: answer is not null, HasColour: false);
        int code = await ToolCommand.RunAsync(args, terminal, new HurriedClock());
        return new Said(code, output.ToString(), errors.ToString());
    }
}
