namespace Gache.Cluster;

/// <summary>What a call over the cluster port asks for.</summary>
public enum CallKind : byte
{
    /// <summary>What the caller knows of each node, in short; answered with what it lacks and a digest back.</summary>
    GossipDigest = 1,

    /// <summary>Records that the receiver lacks.</summary>
    GossipDelta = 2,

    /// <summary>Whether the receiver's data folder is empty: asked by a node that is about to found.</summary>
    FolderState = 3,

    /// <summary>A new shard asks for its slots.</summary>
    Grant = 4,

    /// <summary>A client's request, for the leader of its key's shard.</summary>
    Forward = 5,

    /// <summary>The source of a slot begins to stream it.</summary>
    ImportBegin = 6,

    /// <summary>Records of a slot that is being moved.</summary>
    ImportChunk = 7,

    /// <summary>The slot was handed over: the target may own it once its import equals the source's state.</summary>
    ImportOwn = 8,

    /// <summary>The source kept the slot: the target drops its import.</summary>
    ImportDrop = 9,

    /// <summary>What an operator asked at another node.</summary>
    Admin = 10,

    /// <summary>As <see cref="Forward"/>, for a request that waits until a key is what it asks for; on a connection of its own, and it may be given up.</summary>
    ForwardWait = 11,

    /// <summary>A page of keys, of the slots that the receiver's shard serves.</summary>
    ScanKeys = 12,

    /// <summary>Commands and reads of clients, which the receiver's shard is to carry out.</summary>
    Steps = 13,
}

/// <summary>What kinds have in common.</summary>
internal static class CallKinds
{
    /// <summary>Whether this version knows the kind.</summary>
    public static bool IsKnown(this CallKind kind) => kind is >= CallKind.GossipDigest and <= CallKind.Steps;

    /// <summary>Whether its bodies may be large: those go over a connection of their own.</summary>
    public static bool IsBulk(this CallKind kind) =>
        kind is CallKind.Forward or CallKind.ScanKeys or CallKind.Steps or CallKind.ImportBegin or CallKind.ImportChunk or CallKind.ImportOwn or CallKind.ImportDrop;
}
