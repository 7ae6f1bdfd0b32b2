namespace Gache.Simulation;

/// <summary>What may befall a world.</summary>
public enum FaultKind
{
    /// <summary>A process is killed (kill -9): the page cache stays.</summary>
    Kill,

    /// <summary>A machine loses its power: what was not synced is lost in part.</summary>
    PowerLoss,

    /// <summary>A machine loses its power in the middle of one of its next disk operations.</summary>
    PowerLossInOperation,

    /// <summary>All machines lose their power at once.</summary>
    BlackOut,

    /// <summary>A process is killed, started again at once, and soon after the power fails: what the new process read was never synced.</summary>
    KillThenPowerLoss,

    /// <summary>A process stands still.</summary>
    Pause,

    /// <summary>Something befalls a node at the moment it sends a certain kind of message.</summary>
    AtMessage,

    /// <summary>A clock drifts, is set, or leaps.</summary>
    Clock,

    /// <summary>A disk becomes slow for a while.</summary>
    SlowDisk,

    /// <summary>A disk operation fails with EIO; the node ends, and comes back with a disk that works.</summary>
    DiskError,

    /// <summary>A disk operation fails with ENOSPC, likewise.</summary>
    DiskFull,

    /// <summary>The machines fall into two parts.</summary>
    Split,

    /// <summary>One machine reaches nobody.</summary>
    Isolate,

    /// <summary>Some lines carry nothing in one direction.</summary>
    OneWayCut,

    /// <summary>Messages are lost, doubled, held up, reordered.</summary>
    BadNetwork,

    /// <summary>A machine's connections are reset.</summary>
    Reset,

    /// <summary>A process is asked to stop (SIGTERM) and started again.</summary>
    Stop,

    /// <summary>A machine's data folder is emptied; it joins again under the same address.</summary>
    Wipe,

    /// <summary>A machine's data folder is replaced by an earlier copy of it.</summary>
    OldCopy,

    /// <summary>Another machine joins.</summary>
    Join,
}
