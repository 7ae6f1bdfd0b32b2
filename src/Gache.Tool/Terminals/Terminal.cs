using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gache.Tool.Terminals;

/// <summary>Where a word reads and writes, and what can be done there.</summary>
/// <param name="Input">What a person types, or a pipe.</param>
/// <param name="Output">Answers and progress.</param>
/// <param name="Errors">Why a word did not do what it was asked.</param>
/// <param name="IsScreen">Whether <paramref name="Output"/> is a terminal, where a bar can be drawn.</param>
/// <param name="CanAsk">Whether a person is there to answer a question.</param>
/// <param name="HasColour">Whether colours are wanted: a terminal, and no <c>NO_COLOR</c>.</param>
internal sealed record Terminal(TextReader Input, TextWriter Output, TextWriter Errors, bool IsScreen, bool CanAsk, bool HasColour)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess()
    {
        bool isScreen = !Console.IsOutputRedirected;
        return new Terminal(
            new StreamReader(OpenInput(), Utf8),
            new StreamWriter(Console.OpenStandardOutput(), Utf8) { AutoFlush = true },
            new StreamWriter(Console.OpenStandardError(), Utf8) { AutoFlush = true },
            isScreen,
            CanAsk: isScreen && !Console.IsInputRedirected,
            HasColour: isScreen && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") != "dumb");
    }

    /// <summary>One line for a person who made a mistake, or whose wish was refused.</summary>
    public int Refuse(int exitCode, string words)
    {
        Errors.WriteLine($"gache: {Printable.Line(words)}");
        return exitCode;
    }

    /// <summary>The kernel's own line editing: the console class would switch it off and, killed, leave the terminal so.</summary>
    private static Stream OpenInput() => OperatingSystem.IsWindows()
        ? Console.OpenStandardInput()
        : new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
}
