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

    public void Start(TimeProvider time)
    {
        writer.Start();
        ticker = new Ticker(Replica.Tick, ReplicaOptions.Tick, time);
    }

    /// <summary>Lets requests under way commit and hands leadership over, for as long as is given.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        Task stopped = Replica.StopAsync((int)(within / ReplicaOptions.Tick));
        await stopped.WaitAsync(within).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // late is late: what is left is answered by Dispose
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
