using System.Globalization;

namespace Gache.EndToEnd.Harness;

/// <summary>One system call as strace saw it; times in seconds of the machine's clock.</summary>
internal sealed record SystemCall(string Name, string Text, double Begin, double End);

/// <summary>Runs a process under strace, and reads what strace wrote.</summary>
internal static class Strace
{
    /// <summary>Long enough to show a whole batch of a test's small writes.</summary>
    private const int ShownBytes = 4_096;

    /// <summary>The wrapper for <see cref="Node.Start"/>; with -D the process started is the server itself, and strace watches from beside it.</summary>
    public static string[] Command(string output, string calls, params string[] expressions)
    {
        if (!File.Exists("/usr/bin/strace")) throw new InvalidOperationException("this test needs strace (.ci/run installs it where it may)");
        return
        [
            "/usr/bin/strace", "-D", "-f", "--seccomp-bpf", "-ttt", "-T", "-s", $"{ShownBytes}", "-o", output, "-e", $"trace={calls}",
            .. expressions.SelectMany(expression => new[] { "-e", expression }),
        ];
    }

    /// <summary>The wrapper for a process whose syncs stand still, from the given one on, until <see cref="Detach"/>.</summary>
    /// <remarks>Without --seccomp-bpf: with it every sync would fail once nobody watches.</remarks>
    public static string[] HoldSyncs(string output, int from)
    {
        if (!File.Exists("/usr/bin/strace")) throw new InvalidOperationException("this test needs strace (.ci/run installs it where it may)");
        return ["/usr/bin/strace", "-D", "-f", "-o", output, "-e", "trace=fdatasync", "-e", string.Create(CultureInfo.InvariantCulture, $"inject=fdatasync:delay_enter=600000000:when={from}+")];
    }

    /// <summary>Ends the watching at once, and with it all that was injected; the process goes on.</summary>
    /// <param name="process">The process that is watched.</param>
    public static void Detach(int process)
    {
        string tracer = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("TracerPid:", StringComparison.Ordinal));
        using var strace = System.Diagnostics.Process.GetProcessById(int.Parse(tracer.Split('\t')[1], CultureInfo.InvariantCulture));
        Signals.Send(strace, Signal.Kill); // asked to end, strace would wait for the delay
    }

    /// <summary>Completed calls by the time of their end.</summary>
    public static IReadOnlyList<SystemCall> Read(string file)
    {
        Dictionary<string, (double Begin, string Text)> unfinished = [];
        List<SystemCall> calls = [];
        foreach (string line in File.ReadLines(file))
        {
            string[] parts = line.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length < 3 || !double.TryParse(parts[1], CultureInfo.InvariantCulture, out double time)) continue;
            (string thread, string text) = (parts[0], parts[2]);
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                unfinished[thread] = (time, text[..^"<unfinished ...>".Length]);
            }
            else if (text.StartsWith("<... ", StringComparison.Ordinal))
            {
                if (unfinished.Remove(thread, out (double Begin, string Text) call)) calls.Add(Complete(call.Begin, time, call.Text + text));
            }
            else if (text.Contains('(', StringComparison.Ordinal))
            {
                int duration = text.LastIndexOf('<');
                double took = duration < 0 ? 0 : double.Parse(text[(duration + 1)..].TrimEnd('>'), CultureInfo.InvariantCulture);
                calls.Add(Complete(time, time + took, text));
            }
        }

        return [.. calls.OrderBy(call => call.End)];
    }

    private static SystemCall Complete(double begin, double end, string text) => new(text[..text.IndexOf('(', StringComparison.Ordinal)], text, begin, end);
}
