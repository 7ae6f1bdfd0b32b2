using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using FileHead = Gache.Log.SnapshotHead;

namespace Gache.Replication;

/// <summary>What a member's folder holds of its shard: what the shard would go on with.</summary>
/// <param name="Who">Who the folder belongs to.</param>
/// <param name="Term">The latest term it has seen.</param>
/// <param name="LastIndex">The last entry of its log.</param>
/// <param name="Configuration">The members, as far as it knows.</param>
/// <param name="Slots">The slots that the state at the last entry serves.</param>
/// <param name="Moving">Slots that were between two shards there, and the other one.</param>
/// <param name="KeyCount">Keys in that state.</param>
/// <param name="Revision">The revision counter there.</param>
/// <param name="HasLostData">It was told that it lost data that it had acknowledged.</param>
/// <param name="GrantsSlots">It is the shard that grants slots to new ones.</param>
public sealed record RecoveryPicture(
    FolderIdentity Who, ulong Term, ulong LastIndex, Configuration Configuration, SlotSet Slots, IReadOnlyList<(int Slot, SlotState State)> Moving, long KeyCount,
    ulong Revision, bool HasLostData, bool GrantsSlots);

/// <summary>Lets a shard that lost its majority for good go on with what one member has. Offline: the node does not run.</summary>
/// <remarks>
/// <para>
/// The shard goes on as a new member, alone, in a folder of its own beside the old one: a snapshot of the state at the old log's last entry, and a
/// log that begins with a configuration of this member and a <see cref="RecoverCommand"/>. The identity file, replaced last and at once, decides:
/// whatever crash comes before leaves the old member as it was, and a second try begins again.
/// </para>
/// <para>
/// Why another id, and not entries at the end of the old log: the other members may not be gone. Their configuration names the old one, and were it
/// still there it would have to answer them. Then: A is recovered at a term far above; B and C come back, and C, elected by B, sends A its entries;
/// A tells C its term, as it must; C stands again, above it, B votes, and A's recovered entries meet a leader of a later term. But nobody answers
/// for the old id any more: they are refused by name, learn no term, and are told that they are members no more (<see cref="MemberKeeper"/>).
/// The term is raised nevertheless, so that what the new member says counts for more than anything that they can say.
/// </para>
/// </remarks>
public sealed class ShardRecovery : IDisposable
{
    private const int ReadBytes = 1 << 20;

    private readonly IFileSystem files;
    private readonly DataFolder folder;
    private readonly LogOptions logOptions;
    private readonly Random random;
    private readonly ReplicaStart start;

    private ShardRecovery(IFileSystem files, DataFolder folder, LogOptions logOptions, Random random, ReplicaStart start, FolderIdentity who)
    {
        (this.files, this.folder, this.logOptions, this.random, this.start) = (files, folder, logOptions, random, start);
        ApplyAll();
        KeyValueStore store = start.Store;
        Picture = new RecoveryPicture(
            who, start.Core.Term, start.Core.LastIndex, start.Core.Configuration, store.ServedSlots(), [.. store.MovingSlots.Order().Select(slot => (slot, store.SlotAt(slot)))],
            store.KeyCount, store.Revision, folder.ReadMute(who.Node) != 0, store.IsFounding);
    }

    /// <summary>What there is.</summary>
    public RecoveryPicture Picture { get; }

    /// <summary>Reads a folder; its lock must be held. Everything is brought to memory, as at a start.</summary>
    /// <exception cref="ForeignFolderException">There is nothing in it that a shard could go on with; says why.</exception>
    /// <exception cref="LogDamagedException">What had been synced is not there; and the other exceptions of <see cref="ReplicaStart.Open"/>.</exception>
    public static ShardRecovery Open(IFileSystem files, DataFolder folder, LogOptions logOptions, Random random)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (folder.ReadIdentity() is not { } who) throw new ForeignFolderException($"{folder.Location} belongs to no shard, so there is nothing to go on with");
        if (folder.ReadRecovering() == who.Node) folder.WriteIdentity(who); // it was through, but for its last word
        if (!folder.HasLog(who.Node)) throw new LogDamagedException(folder.LogOf(who.Node), 0, "the log is not there");
        ReplicaStart start = ReplicaStart.Open(files, folder, who, logOptions, new RaftOptions(), random);
        try
        {
            if (start.Core.Configuration.Find(who.Node) is null) throw new ForeignFolderException($"{folder.Location} has got nothing of shard {who.Shard} yet, so there is nothing to go on with");
            return new ShardRecovery(files, folder, logOptions, random, start, who);
        }
        catch
        {
            Close(start);
            throw;
        }
    }

    /// <summary>Makes the folder's next start lead the shard alone.</summary>
    /// <param name="raise">By how much its counters are raised.</param>
    /// <returns>The member as which it goes on.</returns>
    /// <exception cref="FileFailedException">The disk failed or is full: the folder is as it was.</exception>
    /// <exception cref="LogFailedException">The same.</exception>
    public FolderIdentity CarryOut(RecoveryRaise raise)
    {
        FolderIdentity who = Picture.Who with { Node = folder.ReadRecovering() ?? NodeId.New(random) };
        folder.WriteRecovering(who.Node); // a second try writes over what this one leaves half-done, and not beside it
        folder.CreateNodeFolders(who.Node);
        Empty(folder.LogOf(who.Node));
        Empty(folder.SnapshotsOf(who.Node));

        Member own = Picture.Configuration.Find(Picture.Who.Node)!;
        var alone = new Configuration([own with { Id = who.Node }], [who.Node], removed: Picture.Configuration.Removed);
        var mark = new SnapshotMark(Picture.LastIndex, start.Core.LastTerm, alone);
        WriteSnapshot(who, mark);
        WriteLog(who, mark, raise);
        folder.WriteIdentity(who);
        return who;
    }

    /// <inheritdoc/>
    public void Dispose() => Close(start);

    private static void Close(ReplicaStart start)
    {
        start.Log.Dispose();
        start.Store.Dispose();
    }

    /// <summary>What of the log's end was committed nobody can say any more: all of it is taken.</summary>
    private void ApplyAll()
    {
        var read = new List<Entry>();
        while (start.Store.AppliedIndex < start.Core.LastIndex)
        {
            read.Clear();
            bool isThere = start.Log.TryRead(start.Store.AppliedIndex + 1, start.Core.LastIndex, ReadBytes, read);
            Invariant.Holds(isThere && read.Count > 0, $"the log has no entry {start.Store.AppliedIndex + 1}");
            foreach (Entry entry in read)
            {
                if (entry.Kind == EntryKind.Command) start.Store.Apply(entry.Index, entry.Payload.Span);
                else start.Store.ApplyNothing(entry.Index);
            }
        }
    }

    private void Empty(string path)
    {
        IReadOnlyList<string> left = files.List(path);
        foreach (string name in left) files.Delete(Path.Combine(path, name));
        if (left.Count > 0) files.SyncFolder(path);
    }

    private void WriteSnapshot(FolderIdentity who, SnapshotMark mark)
    {
        var snapshots = new SnapshotFolder(files, folder.SnapshotsOf(who.Node), who.Shard);
        SnapshotCapture capture = start.Store.BeginSnapshot();
        try
        {
            using SnapshotWriter writer = snapshots.Write(new FileHead(who.Shard, mark, capture.Head.FeatureLevel, capture.Head.Checksum, capture.Head.StoreTimeMilliseconds));
            var head = new ByteWriter();
            capture.Head.WriteTo(head);
            for (ReadOnlySpan<byte> rest = head.Written; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, SnapshotWriter.MaxChunkBytes)..])
                writer.Append(rest[..Math.Min(rest.Length, SnapshotWriter.MaxChunkBytes)]);

            byte[] chunk = new byte[SnapshotCapture.ChunkBytes];
            while (!capture.IsComplete)
            {
                int length = capture.Fill(chunk);
                if (length > 0) writer.Append(chunk.AsSpan(0, length));
            }

            writer.Finish();
        }
        finally
        {
            if (!capture.IsComplete) capture.Abandon();
        }
    }

    private void WriteLog(FolderIdentity who, SnapshotMark mark, RecoveryRaise raise)
    {
        using WriteAheadLog log = WriteAheadLog.Open(files, folder.LogOf(who.Node), who.Shard, who.Node, logOptions, out _);
        ulong term = Math.Max(start.Core.Term, mark.Term) + raise.Terms;
        log.Submit(new LogWrite
        {
            Number = 1,
            HardState = new HardState(term, default),
            Snapshot = mark,
            Entries = new Entry[]
            {
                new(mark.Index + 1, term, EntryKind.Configuration, mark.Configuration.Encode()),
                new(mark.Index + 2, term, EntryKind.Command, RecoverCommand.Encode(raise)),
            },
        });
        while (log.TryTake(out LogBatch batch))
        {
            log.Write(batch);
            log.Sync(batch);
        }

        log.CloseCleanly();
    }
}
