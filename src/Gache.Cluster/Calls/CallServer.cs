using System.Collections.Concurrent;
using System.IO.Pipelines;
using Gache.Cluster.Calls;
using Gache.Cluster.Calls.Inbound;
using Gache.Cluster.Calls.Wire;

namespace Gache.Cluster;

/// <summary>The receiving end of a cluster port: takes connections from whatever listens, and hands their requests to a handler.</summary>
/// <remarks>
/// What slow, silent or wrong peers can hold is bounded: requests and bytes of a connection (beyond that it is not read), bytes of all together
/// (beyond that requests are refused), and the time that a preamble, a frame or the taking of an answer may need.
/// </remarks>
public sealed class CallServer : IDisposable
{
    private readonly CallServerOptions options;
    private readonly ByteBudget budget = new(CallLimits.MaxBytesOfAllConnections, CallLimits.ReservedForSmallBytes);
    private readonly Complaints complaints;
    private readonly ConcurrentDictionary<ServedConnection, byte> connections = [];
    private readonly ITimer watch;
    private volatile bool isStopping;

    /// <summary>Makes the end; it listens to nothing by itself.</summary>
    public CallServer(CallServerOptions options)
    {
        this.options = options;
        complaints = new Complaints(options.Time);
        watch = options.Time.CreateTimer(_ => Watch(), null, CallTimes.Watch, CallTimes.Watch);
    }

    /// <summary>What it did so far.</summary>
    public CallCounters Counters => options.Counters;

    /// <summary>Bytes of requests and answers that are held now.</summary>
    public long HeldBytes => budget.Taken;

    /// <summary>Serves one accepted connection until it ends.</summary>
    /// <param name="connection">Both directions; completed at the end.</param>
    /// <param name="remote">Where it comes from, for the log, <c>address:port</c>.</param>
    /// <returns>True if all that was to be said is handed to the transport, which may close in peace; false if it must be torn down at once.</returns>
    public async Task<bool> ServeAsync(IDuplexPipe connection, string remote)
    {
        var served = new ServedConnection(connection, remote, options, budget, complaints);
        connections.TryAdd(served, 0);
        try
        {
            if (isStopping) served.BeginStop();
            return await served.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            connections.TryRemove(served, out _);
        }
    }

    /// <summary>Takes no more requests (those that still come are refused) and asks callers to close their connections once they have their answers.</summary>
    public void BeginStop()
    {
        isStopping = true;
        foreach (ServedConnection connection in connections.Keys) connection.BeginStop();
    }

    /// <summary>Ends the watch over connections; these are ended by whoever accepted them.</summary>
    public void Dispose() => watch.Dispose();

    private void Watch()
    {
        foreach (ServedConnection connection in connections.Keys) connection.Watch();
    }
}
