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
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(5);

    public RunningMember(ShardNodeOptions options, DataFolder folder, FolderIdentity who, PeerIdentity identity, ITransport transport, Action<NodeEnd> end, ILogger logger)
    {
        if (!folder.HasLog(who.Node))
            throw new LogDamagedException(folder.LogOf(who.Node), 0, $"{folder.Location} says that this is node {who.Node} of shard {who.Shard}, and its log is not there");
        start = ReplicaStart.Open(options.Files, folder, who, options.Log, options.Raft, options.Random);
        if (options.RaftAddress is null && start.Core.Configuration.Members.Where(member => member.Id != who.Node).ToArray() is { Length: > 0 } others)
        {
            start.Log.Dispose();
            start.Store.Dispose();
            throw new NodeMisconfiguredException(
                $"{options.Folder} is of a shard with {others.Length + 1} members, and without --raft-addr none of the others ({string.Join(", ", others.Select(other => other.RaftAddress))}) can reach this one: start it with the --raft-addr that it had");
        }

        if (start.Recovered.Cut is { } cut) logger.TailCut(cut.File, cut.Offset, cut.Bytes);
        writer = new LogWriterThread(start.Log, options.Log, options.Time, durable => Replica!.LogCompletedPaced(durable), failure => Replica!.LogFailed(failure));
        Replica = new Replica(new ReplicaParts
        {
            Identity = identity, Core = start.Core, Log = start.Log, Submit = writer.Submit, Store = start.Store, Snapshots = start.Snapshots, SnapshotBytes = start.SnapshotBytes,
            Transport = transport, Background = background, Time = options.Time, Logger = logger, Options = options.Replica, End = end,
            RememberMute = term => folder.WriteMute(who.Node, term), MuteSinceTerm = folder.ReadMute(who.Node),
            CreateHistoryFile = () => folder.CreateHistory(who.Node),
            FreeDiskBytes = () => options.Files.FreeBytes(options.Folder),
        });
    }

    public Replica Replica { get; }

    public LogWriterCounters LogCounters => writer.Counters;

    public void Start(TimeProvider time)
    {
        writer.Start();
        ticker = new Ticker(Replica.Tick, () => Replica.QuietTicks, ReplicaOptions.Tick, time);
        Replica.TakePassedTicks = ticker.TakePassed;
        ticker.Start();
    }

    /// <summary>Lets requests under way commit and hands leadership over, for as long as is given.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        Task stopped = Replica.StopAsync((int)(within / ReplicaOptions.Tick));
        await stopped.WaitAsync(within).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // late is late: what is left is answered by Dispose
    }

    public void Dispose()
    {
        bool isClosed = Replica.Close(CloseWait);
        ticker?.Dispose();
        writer.Dispose();
        background.Dispose();
        Replica.History.Dispose();
        if (isClosed) start.Store.Dispose(); // else a step may still read it; the process is about to end
    }
}
