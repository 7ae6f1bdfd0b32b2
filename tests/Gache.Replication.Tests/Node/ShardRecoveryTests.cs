using System.Text;
using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Node;

/// <summary>A shard that lost its majority for good goes on with one folder, and every crash on the way leaves the old member or the new.</summary>
public sealed class ShardRecoveryTests
{
    private static readonly RecoveryRaise Raise = RecoveryRaise.At(new DateTimeOffset(2026, 11, 27, 0, 0, 0, TimeSpan.Zero));
    private const int Keys = 40;
    private const ulong Term = 7;
    private static readonly FolderIdentity Old = new(new NodeId(1), new ShardId(2), new ClusterId(3));
    private static readonly Configuration Three = new([.. Enumerable.Range(1, 3).Select(n => new Member(new NodeId((ulong)n), $"n{n}:7000", $"n{n}:8000"))], [new(1), new(2), new(3)]);

    private static readonly LogOptions SmallLog = new()
    {
        SegmentSize = 48 << 10, ZeroAhead = 8 << 10, MaxBatchBytes = 16 << 10, MaxEntryBytes = 8 << 10, MaxConfigurationBytes = 4 << 10, MaxBatchEntries = 64,
    };

    [Fact]
    public void It_goes_on_alone_as_a_new_member_with_all_keys_and_raised_counters()
    {
        SimulatedFileSystem disk = MemberOfThree(1);
        var folder = new DataFolder(disk, "/data");
        ulong revision;
        FolderIdentity who;
        using (ShardRecovery recovery = ShardRecovery.Open(disk, folder, SmallLog, new Random(1)))
        {
            RecoveryPicture picture = recovery.Picture;
            Assert.Equal((Old, Term, (ulong)Keys + 2, (long)Keys), (picture.Who, picture.Term, picture.LastIndex, picture.KeyCount));
            Assert.Equal((Three, SlotSet.All, false), (picture.Configuration, picture.Slots, picture.HasLostData));
            Assert.Equal(5, Assert.Single(picture.Moving).Slot);
            revision = picture.Revision;
            who = recovery.CarryOut(Raise);
        }

        Assert.Equal(who, folder.ReadIdentity());
        Assert.Equal((true, Old.Shard, Old.Cluster), (who.Node != Old.Node, who.Shard, who.Cluster));
        Assert.True(folder.HasLog(Old.Node)); // as it was
        using var started = new Started(disk, folder, who);
        RaftCore core = started.Start.Core;
        Assert.Equal((Term + Raise.Terms, (ulong)Keys + 4), (core.Term, core.LastIndex));
        Assert.Equal(new Configuration([new Member(who.Node, "n1:7000", "n1:8000")], [who.Node]), core.Configuration);
        KeyValueStore store = started.LeadAlone();
        for (int i = 0; i < Keys; i++) Assert.True(store.TryGet(Key(i), out _));
        Assert.Equal(revision + Raise.Revisions, store.Revision);
        Assert.Equal(new SlotState(SlotPhase.Owned, 1 + Raise.Epochs, default), store.SlotAt(5));
        Assert.Equal(new SlotState(SlotPhase.Owned, 1 + Raise.Epochs, default), store.SlotAt(6));
    }

    /// <summary>kill -9 and power failure at each operation in turn; then it is tried again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_crash_anywhere_leaves_the_old_member_or_the_new_one_and_a_second_try_succeeds(bool isPowerLost)
    {
        int old = 0, recovered = 0;
        for (int operation = 1; ; operation++)
        {
            SimulatedFileSystem disk = MemberOfThree(operation);
            disk.Faults.CrashAtOperation = disk.Operations + operation;
            bool isThrough = TryRecover(disk);
            if (isPowerLost) disk.Crash();
            else disk.Kill();

            var folder = new DataFolder(disk, "/data");
            FolderIdentity who = folder.ReadIdentity()!;
            using (var started = new Started(disk, folder, who))
            {
                // Whole either way: the log opens, and says the one or the other.
                bool isOld = who == Old;
                Assert.Equal(isOld ? Three : started.Start.Core.Configuration, started.Start.Core.Configuration);
                Assert.Equal(isOld ? Term : Term + Raise.Terms, started.Start.Core.Term);
                if (isOld) old++;
                else recovered++;
            }

            if (who == Old)
            {
                Assert.True(TryRecover(disk));
                who = folder.ReadIdentity()!;
            }

            using var again = new Started(disk, folder, who);
            KeyValueStore store = again.LeadAlone();
            Assert.Equal(Keys, store.KeyCount);
            if (isThrough) break;
        }

        Assert.True(old > 10 && recovered >= 1, $"{old} crashes before the identity was durable, {recovered} after");
    }

    [Fact]
    public void A_folder_that_is_empty_or_got_nothing_yet_is_refused()
    {
        var disk = new SimulatedFileSystem(new Random(1));
        var folder = new DataFolder(disk, "/data");
        Assert.Contains("belongs to no shard", Assert.Throws<ForeignFolderException>(() => ShardRecovery.Open(disk, folder, SmallLog, new Random(1))).Message, StringComparison.Ordinal);

        ReplicaStart.CreateLog(disk, folder, Old, SmallLog);
        folder.WriteIdentity(Old);
        Assert.Contains("nothing of shard", Assert.Throws<ForeignFolderException>(() => ShardRecovery.Open(disk, folder, SmallLog, new Random(1))).Message, StringComparison.Ordinal);
    }

    /// <summary>The member that was told that it lost data stays silent; the one that a person decided to go on with is another.</summary>
    [Fact]
    public void A_member_that_was_silent_because_it_lost_data_says_so_and_speaks_when_it_is_recovered()
    {
        SimulatedFileSystem disk = MemberOfThree(1);
        var folder = new DataFolder(disk, "/data");
        folder.WriteMute(Old.Node, Term);
        folder.WriteRemoved(Old.Node);
        using ShardRecovery recovery = ShardRecovery.Open(disk, folder, SmallLog, new Random(1));
        Assert.True(recovery.Picture.HasLostData);
        FolderIdentity who = recovery.CarryOut(Raise);
        Assert.Equal((0UL, false), (folder.ReadMute(who.Node), folder.IsRemoved(who.Node)));
    }

    private static bool TryRecover(SimulatedFileSystem disk)
    {
        try
        {
            using ShardRecovery recovery = ShardRecovery.Open(disk, new DataFolder(disk, "/data"), SmallLog, new Random(1));
            recovery.CarryOut(Raise);
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }

    /// <summary>The folder of one of three voters, with keys and a slot that is leaving.</summary>
    private static SimulatedFileSystem MemberOfThree(int seed)
    {
        var disk = new SimulatedFileSystem(new Random(seed));
        var folder = new DataFolder(disk, "/data");
        ReplicaStart.CreateLog(disk, folder, Old, SmallLog);
        folder.WriteIdentity(Old);
        using WriteAheadLog log = WriteAheadLog.Open(disk, folder.LogOf(Old.Node), Old.Shard, Old.Node, SmallLog, out Recovered recovered);
        var entries = new List<Entry> { new(1, 1, EntryKind.Configuration, Three.Encode()) };
        for (int i = 0; i < Keys; i++) entries.Add(new Entry((ulong)i + 2, Term, EntryKind.Command, Command.EncodeSet(Key(i), new byte[100])));
        entries.Add(new Entry((ulong)Keys + 2, Term, EntryKind.Command, new SlotsCommand(CommandKind.Leave, new ShardId(9), false, SlotSet.Of(5, 5)).Encode()));
        Drain(log, new LogWrite { Number = recovered.LastWrite + 1, HardState = new HardState(Term, new NodeId(2)), Entries = entries.ToArray() });
        log.CloseCleanly();
        return disk;
    }

    private static byte[] Key(int i) => Encoding.UTF8.GetBytes($"key-{i}");

    private static void Drain(WriteAheadLog log, LogWrite write)
    {
        log.Submit(write);
        while (log.TryTake(out LogBatch batch))
        {
            log.Write(batch);
            log.Sync(batch);
        }
    }

    /// <summary>The next start of a folder, driven by hand.</summary>
    private sealed class Started(IFileSystem disk, DataFolder folder, FolderIdentity who) : IDisposable
    {
        public ReplicaStart Start { get; } = ReplicaStart.Open(disk, folder, who, SmallLog, new RaftOptions(), new Random(2));

        /// <summary>Ticks until everything is committed by this node alone, and applies it.</summary>
        public KeyValueStore LeadAlone()
        {
            RaftCore core = Start.Core;
            var outputs = new Outputs();
            for (int tick = 0; !core.HasCommittedInTerm; tick++)
            {
                Assert.True(tick < 10, "it does not lead alone");
                core.Tick();
                core.Drain(outputs);
                Assert.Empty(outputs.Messages);
                if (outputs.WriteNumber == 0) continue;
                var write = new LogWrite { Number = outputs.WriteNumber, HardState = outputs.HardState, Snapshot = outputs.Snapshot, Entries = outputs.Entries };
                Drain(Start.Log, write);
                core.Durable(write.Number, core.LastIndex, core.LastTerm);
            }

            var entries = new List<Entry>();
            Assert.True(Start.Log.TryRead(Start.Store.AppliedIndex + 1, core.CommitIndex, int.MaxValue, entries));
            foreach (Entry entry in entries)
            {
                if (entry.Kind == EntryKind.Command) Start.Store.Apply(entry.Index, entry.Payload.Span);
                else Start.Store.ApplyNothing(entry.Index);
            }

            return Start.Store;
        }

        public void Dispose()
        {
            Start.Log.Dispose();
            Start.Store.Dispose();
        }
    }
}
