namespace Gache.Replication;

/// <summary>Plain counters, written by the step's owner and read when somebody asks; nothing on the way of a request.</summary>
public sealed class ReplicaCounters
{
    /// <summary>Commands proposed here as leader.</summary>
    public long Proposals { get; internal set; }

    /// <summary>Entries applied.</summary>
    public long Applied { get; internal set; }

    /// <summary>Reads served, of both levels.</summary>
    public long Reads { get; internal set; }

    /// <summary>Rounds that confirmed reads.</summary>
    public long ReadRounds { get; internal set; }

    /// <summary>Requests refused, of all kinds.</summary>
    public long Refusals { get; internal set; }

    /// <summary>Times this node was elected.</summary>
    public long ElectionsWon { get; internal set; }

    /// <summary>Changes of the leader seen here.</summary>
    public long LeaderChanges { get; internal set; }

    /// <summary>Snapshots taken.</summary>
    public long SnapshotsTaken { get; internal set; }

    /// <summary>Snapshots sent to followers.</summary>
    public long SnapshotsSent { get; internal set; }

    /// <summary>Snapshots installed from a leader.</summary>
    public long SnapshotsInstalled { get; internal set; }

    /// <summary>Messages that arrived from peers.</summary>
    public long MessagesReceived { get; internal set; }

    /// <summary>Messages handed to the transport.</summary>
    public long MessagesSent { get; internal set; }

    /// <summary>Batches handed to the log.</summary>
    public long LogWrites { get; internal set; }
}
