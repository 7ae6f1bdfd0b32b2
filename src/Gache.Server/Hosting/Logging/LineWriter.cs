using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Gache.Server.Hosting.Logging;

/// <summary>Writes lines on a thread of its own: whoever logs may be on a socket's thread, and a full pipe must not stop it.</summary>
internal sealed class LineWriter : IDisposable
{
    /// <summary>Lines that may wait; beyond it they are dropped and counted (P10).</summary>
    public const int MaxWaiting = 8_192;

    /// <summary>How long the last lines may take to get out.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<byte[]> waiting = new(MaxWaiting);
    private readonly Stream output;
    private readonly Thread thread;
    private int dropped;
    private int closed;

    /// <summary>Begins to write to <paramref name="output"/>.</summary>
    public LineWriter(Stream output)
    {
        this.output = output;
        thread = new Thread(Run) { IsBackground = true, Name = "log" };
        thread.Start();
    }

    /// <summary>Takes a line, which ends with its line feed.</summary>
    public void Write(byte[] line)
    {
        try
        {
            if (!waiting.TryAdd(line)) Interlocked.Increment(ref dropped);
        }
        catch (InvalidOperationException)
        {
            // Closed: the process is at its very end.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref closed, 1) == 1) return;
        waiting.CompleteAdding();
        if (thread.Join(CloseTimeout)) waiting.Dispose();
    }

    private void Run()
    {
        try
        {
            foreach (byte[] line in waiting.GetConsumingEnumerable())
            {
                if (Interlocked.Exchange(ref dropped, 0) is var count and > 0)
                    output.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"({count} log lines were dropped: stderr is too slow)\n")));
                output.Write(line);
                if (waiting.Count == 0) output.Flush();
            }
        }
        catch (IOException)
        {
            // Nobody reads stderr any more; the node goes on without a log.
        }
    }
}
