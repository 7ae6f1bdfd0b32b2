using Gache.Log;
using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

/// <summary>What a member's folder held, brought to memory: everything that a replica starts from.</summary>
/// <param name="Core">The core, a follower.</param>
/// <param name="Log">The open log.</param>
/// <param name="Store">The store, loaded from the snapshot.</param>
/// <param name="Snapshots">The folder of snapshots.</param>
/// <param name="SnapshotBytes">The length of the snapshot that the store was loaded from, in bytes; 0 if there is none.</param>
/// <param name="Recovered">What the log said.</param>
public sealed record ReplicaStart(RaftCore Core, WriteAheadLog Log, KeyValueStore Store, SnapshotFolder Snapshots, long SnapshotBytes, Recovered Recovered)
{
    /// <summary>Opens a member's data and recovers it; nothing is sent or answered before this is done.</summary>
    /// <exception cref="LogDamagedException">What had been synced is not there.</exception>
    /// <exception cref="LogFormatException">The format is unknown.</exception>
    /// <exception cref="LogForeignException">The log belongs to another shard or node.</exception>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public static ReplicaStart Open(
        IFileSystem files, DataFolder folder, FolderIdentity identity, LogOptions logOptions, RaftOptions raftOptions, Random random)
    {
        folder.CreateNodeFolders(identity.Node);
        WriteAheadLog log = WriteAheadLog.Open(files, folder.LogOf(identity.Node), identity.Shard, identity.Node, logOptions, out Recovered recovered);
        var snapshots = new SnapshotFolder(files, folder.SnapshotsOf(identity.Node), identity.Shard);
        snapshots.DeleteLeftovers();
        var store = new KeyValueStore();
        long snapshotBytes;
        try
        {
            snapshotBytes = LoadSnapshot(store, snapshots, recovered, folder.SnapshotsOf(identity.Node));
            snapshots.DeleteLater(recovered.Snapshot?.Index ?? 0);
        }
        catch
        {
            store.Dispose();
            log.Dispose();
            throw;
        }

        return new ReplicaStart(new RaftCore(identity.Node, StartOf(recovered), raftOptions, random), log, store, snapshots, snapshotBytes, recovered);
    }

    /// <summary>Makes the empty log of a member that joins, before the folder says that it is one: whoever has none later has lost it (P7).</summary>
    public static void CreateLog(IFileSystem files, DataFolder folder, FolderIdentity identity, LogOptions logOptions)
    {
        folder.CreateNodeFolders(identity.Node);
        WriteAheadLog.Open(files, folder.LogOf(identity.Node), identity.Shard, identity.Node, logOptions, out _).CloseCleanly();
    }

    /// <summary>Founds a shard: its first entry, the configuration of this node alone, and its first command, if there is one, are made durable
    /// in an empty log.</summary>
    /// <remarks>Done before the folder says who the node is: a node that could serve before would forget what it acknowledged.</remarks>
    public static void Found(IFileSystem files, DataFolder folder, FolderIdentity identity, Configuration alone, byte[]? firstCommand, LogOptions logOptions, Random random)
    {
        folder.CreateNodeFolders(identity.Node);
        using WriteAheadLog log = WriteAheadLog.Open(files, folder.LogOf(identity.Node), identity.Shard, identity.Node, logOptions, out Recovered recovered);
        var core = new RaftCore(identity.Node, StartOf(recovered), new RaftOptions(), random);
        var outputs = new Outputs();
        core.Bootstrap(alone, firstCommand);
        core.Drain(outputs);
        log.Submit(new LogWrite { Number = outputs.WriteNumber, HardState = outputs.HardState, Entries = outputs.Entries });
        while (log.TryTake(out LogBatch batch))
        {
            log.Write(batch);
            log.Sync(batch);
        }

        log.CloseCleanly();
    }

    private static CoreStart StartOf(Recovered recovered)
    {
        // The entry before the first one held is known if it is the snapshot's, or the very beginning; else the first one held becomes the base.
        (ulong baseIndex, ulong baseTerm) = (recovered.FirstIndex - 1, 0ul);
        if (recovered.Snapshot is { } mark && mark.Index == baseIndex) baseTerm = mark.Term;
        else if (baseIndex != 0) (baseIndex, baseTerm) = (recovered.FirstIndex, recovered.Terms[0].Term);
        return new CoreStart
        {
            HardState = recovered.HardState, Snapshot = recovered.Snapshot, BaseIndex = baseIndex, BaseTerm = baseTerm, LastIndex = recovered.LastIndex,
            Terms = [.. recovered.Terms.Select(run => (run.FirstIndex, run.Term))], Configurations = recovered.Configurations, LastWrite = recovered.LastWrite,
        };
    }

    /// <summary>Loads the snapshot that the log goes on from; if it cannot be read, an earlier one from which the log still holds everything.</summary>
    /// <returns>Its length in bytes; 0 if there is none.</returns>
    private static long LoadSnapshot(KeyValueStore store, SnapshotFolder snapshots, Recovered recovered, string path)
    {
        if (recovered.Snapshot is not { } mark) return 0;
        string why = "it is not there";
        foreach (SnapshotFile file in snapshots.List())
        {
            // A later one than the log knows was being installed when the node stopped: the leader sends it again.
            if (file.Index > mark.Index || file.Index + 1 < recovered.FirstIndex) continue;
            try
            {
                using SnapshotReader reader = snapshots.Read(file);
                SnapshotLoading.Into(store, reader);
                return reader.Length;
            }
            catch (Exception e) when (e is Gache.Log.SnapshotDamagedException or Gache.Store.SnapshotDamagedException)
            {
                why = e.Message;
                store.Clear();
            }
        }

        throw new LogDamagedException(path, 0, $"the log goes on from the snapshot at index {mark.Index}, and {why}");
    }
}
