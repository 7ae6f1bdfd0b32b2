namespace Gache.Replication;

/// <summary>One owner at a time: whoever finds the step free runs it for all that is queued (combining).</summary>
/// <remarks>
/// Saves the hop to another thread: a read that finds the step free is answered on its own thread. A signal given while the step runs makes
/// its owner run it once more, so nothing queued before a signal is ever left behind.
/// What the step decided to tell others is told <c>afterwards</c>, when somebody else may already own it.
/// </remarks>
internal sealed class StepGuard(Func<bool> step, Action afterwards, Action<Action> handOver)
{
    // So many rounds in a row, then another thread takes over: the owner has a request of its own to answer.
    private const int MaxRounds = 16;

    private int signals;

    /// <summary>Something was queued. Runs the step unless it is running.</summary>
    public void Signal()
    {
        if (Interlocked.Increment(ref signals) == 1) Run();
    }

    private void Run()
    {
        for (int round = 0; round < MaxRounds; round++)
        {
            int seen = Volatile.Read(ref signals);
            bool again = step();
            if (again) continue;
            if (Interlocked.Add(ref signals, -seen) != 0) continue;
            afterwards();
            return;
        }

        handOver(Run);
        afterwards();
    }
}
