using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What a new shard is founded with.</summary>
/// <param name="Cluster">The cluster it belongs to.</param>
/// <param name="FirstCommand">The first command of its log, right after its configuration; null for a shard that owns all slots.</param>
public sealed record FoundingPermit(ClusterId Cluster, byte[]? FirstCommand);

/// <summary>A shard cannot be founded as it was asked for (exit code 64): another shard holds its slots.</summary>
public sealed class FoundingRefusedException(string message) : Exception(message);
