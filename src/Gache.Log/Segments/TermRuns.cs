namespace Gache.Log;

/// <summary>The terms of a log's entries as runs: a few hundred bytes for a log of any length.</summary>
internal sealed class TermRuns
{
    private readonly List<TermRun> runs = [];

    public IReadOnlyList<TermRun> All => runs;

    public void Append(ulong index, ulong term)
    {
        if (runs.Count == 0 || runs[^1].Term != term) runs.Add(new TermRun(index, term));
    }

    public void TruncateFrom(ulong index)
    {
        while (runs.Count > 0 && runs[^1].FirstIndex >= index) runs.RemoveAt(runs.Count - 1);
    }

    public void Clear() => runs.Clear();

    /// <summary>The term of an entry that is known to be at most the last one, or null if it lies before the first run.</summary>
    public ulong? TermAt(ulong index)
    {
        for (int i = runs.Count - 1; i >= 0; i--)
        {
            if (runs[i].FirstIndex <= index) return runs[i].Term;
        }

        return null;
    }
}
