using Gache.Primitives;

namespace Gache.Raft;

/// <summary>How a leader sends to one follower.</summary>
internal enum ProgressState
{
    /// <summary>It is not known where the logs agree: one message, then wait for its answer.</summary>
    Probe,

    /// <summary>The logs agree up to <see cref="Progress.Match"/>: send ahead, within the window.</summary>
    Replicate,

    /// <summary>The follower needs entries that the log has no more: nothing is sent until it has the snapshot.</summary>
    Snapshot,
}

/// <summary>A leader's knowledge of one follower (paper figure 2: nextIndex, matchIndex; and what etcd learnt to add).</summary>
internal sealed class Progress(NodeId node, ulong next, InflightWindow inflight)
{
    public NodeId Node { get; } = node;

    /// <summary>The highest index that the follower has in stable storage, as it said in this term.</summary>
    public ulong Match { get; set; }

    /// <summary>The next index to send.</summary>
    public ulong Next { get; set; } = next;

    public ProgressState State { get; private set; } = ProgressState.Probe;

    /// <summary>A probe is out and not answered; a heartbeat's answer allows the next.</summary>
    public bool IsProbeOut { get; set; }

    /// <summary>Older entries are being read from disk for this follower.</summary>
    public bool IsFetching { get; set; }

    public InflightWindow Inflight { get; } = inflight;

    /// <summary>Ticks since it first denied what it had acknowledged, without having accepted anything since; null if it does not.</summary>
    public int? DenyingTicks { get; set; }

    /// <summary>It denied again after so long that no late or repeated word explains it: it lost data (P7).</summary>
    public bool HasDenied { get; set; }

    /// <summary>Ticks since anything came from this node.</summary>
    public int SilentTicks { get; set; }

    /// <summary>The latest read round that it confirmed.</summary>
    public ulong ConfirmedRound { get; set; }

    /// <summary><see cref="Match"/> at its last heartbeat answer: no progress since, with entries missing, means that something was lost.</summary>
    public ulong MatchAtHeartbeat { get; set; }

    public void BecomeProbe()
    {
        State = ProgressState.Probe;
        Next = Match + 1;
        IsProbeOut = false;
        Inflight.Clear();
    }

    public void BecomeReplicate()
    {
        State = ProgressState.Replicate;
        Next = Match + 1;
        IsProbeOut = false;
        Inflight.Clear();
    }

    /// <summary>With <see cref="ProgressState.Snapshot"/>: every snapshot that may be on its way holds at least this index.</summary>
    public ulong SnapshotFloor { get; private set; }

    public void BecomeSnapshot(ulong floor)
    {
        State = ProgressState.Snapshot;
        SnapshotFloor = floor;
        IsProbeOut = false;
        Inflight.Clear();
    }
}
