namespace Gache.EndToEnd.Harness;

/// <summary>What a process printed, bounded: the first and the last lines.</summary>
internal sealed class ProcessLog
{
    private const int KeptAtEachEnd = 2_000;

    private readonly Lock gate = new();
    private readonly List<string> first = [];
    private readonly Queue<string> last = new();

    public void Add(string line)
    {
        lock (gate)
        {
            if (first.Count < KeptAtEachEnd)
            {
                first.Add(line);
                return;
            }

            last.Enqueue(line);
            if (last.Count > KeptAtEachEnd) last.Dequeue();
        }
    }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (gate) return [.. first, .. last];
        }
    }

    public bool Contains(string text) => Lines.Any(line => line.Contains(text, StringComparison.OrdinalIgnoreCase));

    public override string ToString() => string.Join('\n', Lines);
}
