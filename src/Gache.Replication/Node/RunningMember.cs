using Gache.Log;
using Microsoft.Extensions.Logging;

namespace Gache.Replication;

/// <summary>A running member of a shard: its replica with the threads that drive it.</summary>
internal sealed class RunningMember : IDisposable
{
    private readonly ReplicaStart start;
    private readonly LogWriterThread writer;
    private readonly BackgroundThread background = new();
    private Ticker? ticker;

    public RunningMember(ShardNodeOptions options, DataFolder folder, FolderIdentity who, PeerIdentity identity, ITransport transport, Action<NodeEnd> end, ILogger logger)
    {
        start = ReplicaStart.Open(options.Files, folder, who, options.Log, options.Raft, options.Random);
        if (start.Recovered.Cut is { } cut) logger.TailCut(cut.File, cut.Offset, cut.Bytes);
        writer = new LogWriterThread(start.Log, options.Log, options.Time, durable => Replica!.LogCompletedPaced(durable), failure => Replica!.LogFailed(failure));
        Replica = new Replica(new ReplicaParts
        {
            Identity = identity, Core = start.Core, Log = start.Log, Submit = writer.Submit, Store = start.Store, Snapshots = start.Snapshots,
            Transport = transport, Background = background, Time = options.Time, Logger = logger, Options = options.Replica, End = end,
            FreeDiskBytes = () => options.Files.FreeBytes(options.Folder),
        });
    }

    public Replica Replica { get; }

    public LogWriterCounters LogCounters => writer.Counters;

    /// <summary>Founds the shard: writes the first entry. Only with an empty log.</summary>
    public void Found(Raft.Configuration configuration) => start.Core.Bootstrap(configuration);

    public void Start(TimeProvider time)
    {
        writer.Start();
        ticker = new Ticker(Replica.Tick, ReplicaOptions.Tick, time);
    }

    public async Task StopAsync(TimeSpan within)
    {
        await Replica.StopAsync((int)(within / ReplicaOptions.Tick)).WaitAsync(within + within).ConfigureAwait(false);
    }

    public void Dispose()
    {
        Replica.Close();
        ticker?.Dispose();
        writer.Dispose();
        background.Dispose();
        start.Store.Dispose();
    }
}
