namespace Gache.Simulation;

/// <summary>
/// The life of one process: from its start until it is killed, with pauses (SIGSTOP, a long GC, a frozen machine) between. Whatever is to
/// happen inside it asks here first, so that a paused process does nothing and a dead one never does anything again.
/// </summary>
/// <param name="scheduler">The world's time.</param>
/// <param name="name">For traces.</param>
/// <param name="nonce">The random number of this process, as peers learn it.</param>
public sealed class NodeProcess(EventScheduler scheduler, string name, ulong nonce)
{
    private readonly Queue<NodeEvent> deferred = new();

    /// <summary>For traces.</summary>
    public string Name => name;

    /// <summary>The random number of this process, as peers learn it.</summary>
    public ulong Nonce => nonce;

    /// <summary>False once it was killed.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>True between <see cref="Pause"/> and <see cref="Resume"/>.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>True while events may happen in it.</summary>
    public bool IsRunning => IsAlive && !IsPaused;

    /// <summary>Raised when the process is killed; its sockets and file handles are closed by the machine.</summary>
    public event Action? Killed;

    /// <summary>Stops everything in the process until <see cref="Resume"/>; its clocks go on.</summary>
    public void Pause() => IsPaused = true;

    /// <summary>Goes on: what came due meanwhile happens now, one event after another.</summary>
    /// <param name="shuffle">Draws the order: which socket and timer a process looks at first when it continues is anybody's guess. Null: as it came.</param>
    public void Resume(SeededRandom? shuffle = null)
    {
        if (!IsPaused) return;
        IsPaused = false;
        NodeEvent[] late = [.. deferred];
        deferred.Clear();
        shuffle?.Shuffle(late);
        foreach (NodeEvent one in late) scheduler.At(scheduler.NowTicks, one);
    }

    /// <summary>Ends the process at this very moment; nothing of it happens any more.</summary>
    public void Kill()
    {
        if (!IsAlive) return;
        IsAlive = false;
        deferred.Clear();
        Killed?.Invoke();
    }

    /// <summary>Schedules an action inside this process.</summary>
    public SimulatedEvent After(TimeSpan delay, Action action)
    {
        var what = new NodeActionEvent(this, action);
        scheduler.After(delay, what);
        return what;
    }

    internal void Defer(NodeEvent late) => deferred.Enqueue(late);
}

/// <summary>An event inside a process: it waits while the process is paused and never happens once the process is dead.</summary>
public abstract class NodeEvent(NodeProcess process) : SimulatedEvent
{
    /// <summary>Where it happens.</summary>
    public NodeProcess Process => process;

    /// <inheritdoc/>
    protected internal sealed override void Happen()
    {
        if (!process.IsAlive) return;
        if (process.IsPaused) process.Defer(this);
        else HappenInProcess();
    }

    /// <summary>Does what the event stands for; the process is running.</summary>
    protected abstract void HappenInProcess();
}

/// <summary>An event inside a process, given as a delegate.</summary>
public sealed class NodeActionEvent(NodeProcess process, Action action) : NodeEvent(process)
{
    /// <inheritdoc/>
    protected override void HappenInProcess() => action();
}
