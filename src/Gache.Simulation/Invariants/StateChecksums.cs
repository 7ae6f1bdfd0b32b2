using Gache.Store;

namespace Gache.Simulation;

/// <summary>Replicas that applied the same index hold the same state (P5).</summary>
internal sealed class StateChecksums
{
    private readonly Dictionary<ulong, (UInt128 Checksum, string Who)> known = [];

    /// <summary>Sees a store right after it applied.</summary>
    public Violation? See(KeyValueStore store, string who)
    {
        if (known.TryAdd(store.AppliedIndex, (store.Checksum, who))) return null;
        (UInt128 checksum, string other) = known[store.AppliedIndex];
        return checksum == store.Checksum
            ? null
            : new("state checksums", $"{who} and {other} applied up to {store.AppliedIndex} and hold different states ({store.Checksum:x32}, {checksum:x32})");
    }
}
