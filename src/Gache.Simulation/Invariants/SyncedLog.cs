using Gache.Log;
using Gache.Raft;

namespace Gache.Simulation;

/// <summary>What one process's log has in stable storage, followed write by write from outside: the truth that core and answers must not exceed.</summary>
internal sealed class SyncedLog
{
    private readonly Queue<LogWrite> submitted = new();
    private readonly List<ulong> terms = []; // of the entries after the base
    private ulong baseIndex;

    /// <summary>Starts from what the log recovered.</summary>
    public SyncedLog(Recovered recovered)
    {
        HardState = recovered.HardState;
        baseIndex = recovered.FirstIndex - 1;
        for (int run = 0; run < recovered.Terms.Count; run++)
        {
            ulong end = run + 1 < recovered.Terms.Count ? recovered.Terms[run + 1].FirstIndex : recovered.LastIndex + 1;
            for (ulong index = recovered.Terms[run].FirstIndex; index < end; index++) terms.Add(recovered.Terms[run].Term);
        }
    }

    /// <summary>The hard state on disk.</summary>
    public HardState HardState { get; private set; }

    /// <summary>The last index on disk.</summary>
    public ulong LastIndex => baseIndex + (ulong)terms.Count;

    /// <summary>The term on disk at an index; null if it is not there (any more).</summary>
    public ulong? TermAt(ulong index) => index > baseIndex && index <= LastIndex ? terms[(int)(index - baseIndex - 1)] : null;

    /// <summary>A write was handed to the log.</summary>
    public void Submitted(LogWrite write) => submitted.Enqueue(write);

    /// <summary>The log said that all writes up to this one are synced.</summary>
    public void Synced(ulong number)
    {
        while (submitted.TryPeek(out LogWrite? write) && write.Number <= number)
        {
            submitted.Dequeue();
            Apply(write);
        }
    }

    private void Apply(LogWrite write)
    {
        if (write.HardState is { } hardState) HardState = hardState;
        if (write.Snapshot is { } mark && TermAt(mark.Index) != mark.Term && mark.Index > baseIndex)
        {
            terms.Clear();
            baseIndex = mark.Index;
        }

        foreach (Entry entry in write.Entries.Span)
        {
            if (entry.Index <= baseIndex) continue;
            int place = (int)(entry.Index - baseIndex - 1);
            if (place < terms.Count) terms.RemoveRange(place, terms.Count - place);
            terms.Add(entry.Term);
        }
    }
}
