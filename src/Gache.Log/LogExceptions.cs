using Gache.Primitives;

namespace Gache.Log;

/// <summary>A write or sync failed before: the log takes nothing more until the process has restarted (P3).</summary>
public sealed class LogFailedException(string message, Exception? cause) : Exception(message, cause)
{
    internal static LogFailedException Because(Exception cause) =>
        new($"the log takes nothing more, because it does not know what the disk holds: {cause.Message}", cause);
}

/// <summary>Bytes that were in stable storage are not what was written (P4). The process must not start on them.</summary>
public sealed class LogDamagedException(string file, long offset, string what) : Exception(
    $"{file} is damaged at offset {offset}: {what}. {WayOut}")
{
    private const string WayOut =
        "Nothing was changed. If other nodes of the shard are well, set this data folder aside and start the node again with an empty one, so "
        + "that it rejoins; else restore the folder from a copy, and have the disk checked";

    /// <summary>The damaged file.</summary>
    public string File { get; } = file;

    /// <summary>Where the first record that cannot be right begins, in bytes from the file's start.</summary>
    public long Offset { get; } = offset;
}

/// <summary>The file has a format that this version does not know; it is left as it is.</summary>
public sealed class LogFormatException(string file, uint found, uint known) : Exception(
    $"{file} has format version {found}, and this program knows only {known}: start the version that wrote it, or a newer one")
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>Its format version.</summary>
    public uint Found { get; } = found;
}

/// <summary>The folder belongs to another shard or another node (P7); it is left as it is.</summary>
public sealed class LogForeignException(string file, ShardId shard, NodeId node, ShardId ownShard, NodeId ownNode) : Exception(
    $"{file} belongs to node {node} of shard {shard}, and this is node {ownNode} of shard {ownShard}: each needs a data folder of its own")
{
    /// <summary>The shard that the file belongs to.</summary>
    public ShardId Shard { get; } = shard;

    /// <summary>The node that the file belongs to.</summary>
    public NodeId Node { get; } = node;
}
