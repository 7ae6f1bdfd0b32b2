namespace Gache.Simulation;

/// <summary>Something that happens at one moment of the world's time.</summary>
public abstract class SimulatedEvent
{
    /// <summary>When it happens, in ticks of 100 ns since the world began; meaningful while it is scheduled.</summary>
    public long AtTicks { get; internal set; }

    /// <summary>True from the moment it is scheduled until it happens or is taken back.</summary>
    public bool IsScheduled => Sequence != NotScheduled;

    /// <summary>The order among events of the same moment; also tells a present place in the queue from an abandoned one.</summary>
    internal long Sequence { get; set; } = NotScheduled;

    internal const long NotScheduled = -1;

    /// <summary>Does what the event stands for.</summary>
    protected internal abstract void Happen();
}

/// <summary>An event given as a delegate.</summary>
public sealed class ActionEvent(Action action) : SimulatedEvent
{
    /// <inheritdoc/>
    protected internal override void Happen() => action();
}
