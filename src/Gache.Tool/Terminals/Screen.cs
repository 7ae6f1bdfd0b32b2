using Spectre.Console;

namespace Gache.Tool.Terminals;

/// <summary>A terminal on which progress is drawn in place.</summary>
internal static class Screen
{
    /// <summary>Draws at <paramref name="terminal"/>'s output, in its colours.</summary>
    public static IAnsiConsole Of(Terminal terminal) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(terminal.Output),
        ColorSystem = terminal.HasColour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
    });
}
