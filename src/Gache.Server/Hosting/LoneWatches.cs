using Gache.Cluster;
using Gache.Replication;

namespace Gache.Server.Hosting;

/// <summary>The watches of a node without a cluster port: only of its own shard. Nothing ticks before the first.</summary>
internal sealed class LoneWatches(ShardNode node) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Watches watches = new(new WatchesOptions { Status = () => node.Status, Replica = () => node.Replica });
    private PeriodicThread? ticking;
    private bool isDisposed;

    /// <summary>The watches; somebody is about to use them.</summary>
    public Watches Wake()
    {
        lock (gate)
        {
            if (!isDisposed) ticking ??= new PeriodicThread("gache watches", watches.Tick, ClusterTimes.Tick);
        }

        return watches;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate) isDisposed = true;
        ticking?.Dispose();
    }
}
