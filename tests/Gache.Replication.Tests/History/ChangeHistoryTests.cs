using System.Globalization;
using System.Text;
using CsCheck;
using Gache.Log;
using Gache.Primitives;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.History;

/// <summary>What a reader gets out of a history: every change of the keys it wants once, in order, from its place on; or that it is too late.</summary>
public sealed class ChangeHistoryTests : IDisposable
{
    private static readonly ShardId A = new(0xA);
    private static readonly ShardId B = new(0xB);
    private static readonly WatchFilter Everything = WatchFilter.OfPrefix([]);

    private readonly List<Shard> shards = [];

    public void Dispose()
    {
        foreach (Shard shard in shards) shard.Dispose();
    }

    /// <summary>Whatever is written, however small the answers and whenever it is read: told is what was applied, or that the place was trimmed.</summary>
    [Theory]
    [InlineData(Stores.None)]
    [InlineData(Stores.AtOnce)]
    [InlineData(Stores.Late)]
    [InlineData(Stores.UntilTheDiskFails)]
    [InlineData(Stores.ToADiskThatFlipsBits)]
    [InlineData(Stores.ToADiskThatCannotRead)]
    public void Any_reader_gets_every_change_once_and_in_order_or_is_told_that_it_comes_too_late(Stores stores)
    {
        bool wasEverCompacted = false;
        long stored = 0;
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 6_000], Gen.Int[0, 2]).Array[1, 120].Select(Gen.Int[20, 4_000], Gen.Int[24_000, 300_000]).Sample((writes, maxAnswer, maxHistory) =>
        {
            Shard shard = NewShard(maxHistory, stores: stores);
            Reader[] readers = [new(Everything), new(WatchFilter.OfKey("k3"u8)), new(WatchFilter.OfPrefix("k{t}"u8))];
            foreach (Reader reader in readers) reader.Begin(shard);
            foreach ((int key, int size, int read) in writes)
            {
                string name = key < 4 ? $"k{key}" : $"k{{t}}{key}";
                if (size % 7 == 0) shard.Delete(name);
                else shard.Set(name, new string('v', size));
                if (stores == Stores.Late && size % 5 == 0) shard.Work();
                if (read == 0) readers[key % 3].ReadAll(shard, maxAnswer);
            }

            foreach (Reader reader in readers)
            {
                reader.ReadAll(shard, maxAnswer);
                wasEverCompacted |= reader.IsCompacted;
                string[] due = [.. shard.Applied.Where(change => reader.Filter.Matches(Encoding.UTF8.GetBytes(change.Key))).Select(change => change.Words)];
                if (reader.IsCompacted) Assert.Equal(due[..reader.Told.Count], reader.Told);
                else Assert.Equal(due, reader.Told);
            }

            Assert.True(shard.History.Bytes <= maxHistory + shard.History.LeastBytes);
            Interlocked.Add(ref stored, shard.History.TotalBytes - shard.History.Bytes);
        });
        Assert.True(wasEverCompacted);
        Assert.Equal(stores != Stores.None, stored > 0);
    }

    [Fact]
    public void With_a_file_memory_has_the_newest_eighth_and_all_of_it_can_be_read()
    {
        const int Bytes = 4 << 20;
        Shard shard = NewShard(Bytes, stores: Stores.AtOnce);
        for (int i = 0; i < 9_000; i++) shard.Set($"k{i % 100}", new string('v', 1_000)); // more than once around
        var reader = new Reader(Everything);
        reader.Begin(shard);
        int first = shard.Applied.Count;
        for (int i = 0; i < 3_000; i++) shard.Set($"k{i % 100}", new string('w', 1_000));

        Assert.InRange(shard.History.Bytes, Bytes / 8, Bytes / 4);
        Assert.InRange(shard.History.TotalBytes, Bytes / 8 * 7, Bytes);
        reader.ReadAll(shard, 20_000);
        Assert.False(reader.IsCompacted);
        Assert.Equal(shard.Applied.Skip(first).Select(change => change.Words), reader.Told);
    }

    [Fact]
    public void Where_the_disk_has_no_room_for_all_of_it_there_is_no_file()
    {
        Shard shard = NewShard(1 << 20, stores: Stores.AtOnce);
        shard.History.Fit((1 << 20) - 1);
        for (int i = 0; i < 2_000; i++) shard.Set("k", new string('v', 1_000));
        Assert.Equal(shard.History.TotalBytes, shard.History.Bytes);
        shard.History.Fit(1 << 20);
        for (int i = 0; i < 2_000; i++) shard.Set("k", new string('v', 1_000));
        Assert.InRange(shard.History.Bytes, 1, 1 << 18);
        shard.History.Fit(0); // it has all that it will ever take
        for (int i = 0; i < 2_000; i++) shard.Set("k", new string('v', 1_000));
        Assert.InRange(shard.History.Bytes, 1, 1 << 18);
    }

    [Fact]
    public void Where_others_need_the_disk_the_file_goes_and_what_memory_has_stays()
    {
        Shard shard = NewShard(1 << 20, stores: Stores.AtOnce);
        for (int i = 0; i < 2_000; i++) shard.Set("k", new string('v', 1_000));
        var late = new Reader(Everything);
        late.Begin(shard);
        for (int i = 0; i < 500; i++) shard.Set("k", new string('w', 1_000));
        var reader = new Reader(Everything);
        reader.Begin(shard);
        for (int i = 0; i < 50; i++) shard.Set("k", new string('x', 1_000));

        shard.History.Fit(-1);

        Assert.Equal(shard.History.TotalBytes, shard.History.Bytes);
        Assert.Equal(0, shard.Free - shard.FreeAtFirst);
        reader.ReadAll(shard, 20_000);
        Assert.Equal((50, false), (reader.Told.Count, reader.IsCompacted));
        late.ReadAll(shard, 20_000);
        Assert.True(late.IsCompacted);
        shard.History.Fit();
        for (int i = 0; i < 2_000; i++) shard.Set("k", new string('v', 1_000));
        Assert.True(shard.Free < shard.FreeAtFirst);
    }

    [Fact]
    public void A_reset_while_chunks_are_on_their_way_mixes_nothing_up()
    {
        Shard shard = NewShard(1 << 20, stores: Stores.Late);
        var random = new Random(5);
        for (int round = 0; round < 200; round++)
        {
            var reader = new Reader(Everything);
            reader.Begin(shard);
            int first = shard.Applied.Count;
            int writes = random.Next(1, 1_500);
            for (int i = 0; i < writes; i++)
            {
                shard.Set($"k{i % 10}", new string((char)('a' + (round % 26)), random.Next(10, 1_200)));
                if (random.Next(400) == 0) shard.Work();
            }

            if (random.Next(3) != 0) shard.Work();
            reader.ReadAll(shard, 30_000);
            if (!reader.IsCompacted) Assert.Equal(shard.Applied.Skip(first).Select(change => change.Words), reader.Told);
            if (round % 3 == 0) shard.History.StateReplaced();
            if (round % 7 == 0) shard.History.Fit(-1);
            if (round % 7 == 3) shard.History.Fit();
        }
    }

    /// <summary>Chunks go to the file, out of it, and out of the history while they are read.</summary>
    [Fact]
    public async Task Beside_the_writer_and_the_disk_no_reader_is_told_anything_wrong()
    {
        Shard shard = NewShard(1 << 20, stores: Stores.OnAThread);
        bool isOver = false;
        Task[] reading =
        [
            .. Enumerable.Range(0, 3).Select(n => Task.Run(() =>
            {
                ulong last = 0;
                while (!Volatile.Read(ref isOver))
                {
                    HistoryAnswer answer = HistoryReader.Read(shard.History, Everything, [new SlotPlace(0, Slot.Count - 1, 0, last)], 50_000);
                    ReadOnlyMemory<byte> changes = answer.Changes;
                    for (; WatchedChange.TryTake(ref changes, out WatchedChange change); last = change.Revision)
                    {
                        Assert.Equal(last + 1, change.Revision);
                        Assert.Equal(change.Revision.ToString("D500", CultureInfo.InvariantCulture), Encoding.UTF8.GetString(change.Value));
                    }

                    Assert.True(changes.IsEmpty);
                    bool isTooLate = answer.Pieces[0].Fate == PieceFate.Compacted;
                    if (isTooLate) last = shard.History.Top - (n == 0 ? 0 : Math.Min(shard.History.Top, 1_500)); // two of them are always about to fall off
                }
            }, TestContext.Current.CancellationToken)),
        ];
        for (int i = 1; i <= 60_000; i++) shard.Set("k", i.ToString("D500", CultureInfo.InvariantCulture));
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(reading);
        Assert.True(shard.History.TotalBytes > shard.History.Bytes);
    }

    /// <summary>With a top and an end of two moments a reader was told a change twice, or passed over it.</summary>
    [Fact]
    public async Task A_look_beside_the_writer_is_of_one_moment()
    {
        const int Changes = 300_000;
        Shard shard = NewShard(64 << 20);
        shard.Set("k", "v");
        long length = shard.History.End; // all changes are of this length
        Task writing = Task.Run(
            () =>
            {
                for (int i = 0; i < Changes; i++) shard.Set("k", "v");
            },
            TestContext.Current.CancellationToken);
        int torn = 0;
        while (!writing.IsCompleted)
        {
            HistoryLook look = shard.History.Look();
            if (look.End != (long)look.Top * length) torn++;
        }

        await writing;
        Assert.Equal(0, torn);
        Assert.Equal((ulong)Changes + 1, shard.History.Look().Top);
    }

    /// <summary>P10: the store and its history have one bound; what can be given up goes before a write is refused.</summary>
    [Fact]
    public void A_history_gives_way_to_what_the_store_needs_and_keeps_the_latest()
    {
        const long Memory = 4 << 20;
        Shard shard = NewShard(Memory / 8, memoryBytes: Memory);
        for (int i = 0; i < 1_000; i++) shard.Set("k", new string('v', 1_000));
        Assert.InRange(shard.History.Bytes, Memory / 16, Memory / 8);
        var reader = new Reader(Everything);
        for (int i = 0; shard.Store.Bytes < Memory - shard.History.LeastBytes; i++)
        {
            reader.Begin(shard);
            shard.Set($"k{i}", new string('v', 1_000));
            Assert.True(shard.Store.Bytes + shard.History.Bytes <= Memory + (Memory / 32), $"{shard.Store.Bytes} + {shard.History.Bytes}");
        }

        Assert.InRange(shard.History.Bytes, 1_000, shard.History.LeastBytes);
        reader.ReadAll(shard, 1 << 20);
        Assert.Single(reader.Told);
    }

    [Fact]
    public void A_history_to_which_nothing_comes_gives_way_too()
    {
        Shard shard = NewShard(1 << 20, memoryBytes: 8 << 20);
        for (int i = 0; i < 1_000; i++) shard.Set("k", new string('v', 1_000));
        var reader = new Reader(Everything);
        reader.Begin(shard);
        shard.Store.StopObserving(shard.History); // as where the slots of another shard come in: no changes
        for (int i = 0; shard.Store.Bytes < 8 << 20; i++) shard.Set($"k{i}", new string('v', 1_000));
        shard.History.Fit();
        Assert.True(shard.History.Bytes <= shard.History.LeastBytes);
        shard.Store.Observe(shard.History);
        shard.Set("k", "after");
        reader.ReadAll(shard, 1 << 20);
        Assert.Single(reader.Told);
    }

    [Fact]
    public void A_reader_follows_a_slot_to_another_shard_and_back_and_gets_each_change_once()
    {
        Shard a = NewShard(owned: SlotSet.All);
        Shard b = NewShard(owned: new SlotSet());
        var reader = new Reader(WatchFilter.OfPrefix("{t}"u8));
        var late = new Reader(WatchFilter.OfPrefix("{t}"u8));
        reader.Begin(a);
        late.Begin(a);
        for (int round = 0; round < 3; round++)
        {
            a.Set("{t}1", $"a{round}");
            a.Set("other", "x"); // the shard goes on while the slot is away
            Move(a, b, "t", (ulong)(2 * round) + 1);
            a.Set("other", "y");
            b.Set("{t}1", $"b{round}");
            if (round > 0) reader.ReadAll([a, b], 100);
            b.Delete("{t}1");
            Move(b, a, "t", (ulong)(2 * round) + 2);
            reader.ReadAll([b, a], 100);
        }

        string[] due = [.. Enumerable.Range(0, 3).SelectMany(round => new[] { $"Put {{t}}1=a{round}", $"Put {{t}}1=b{round}", "Delete {t}1=" })];
        late.ReadAll([b, a], 1);
        Assert.Equal(due, reader.Told.Select(words => words[..words.IndexOf(" @", StringComparison.Ordinal)]));
        Assert.Equal(reader.Told, late.Told);
    }

    [Fact]
    public void A_slot_that_was_kept_goes_on_in_its_next_epoch()
    {
        Shard a = NewShard();
        var reader = new Reader(Everything);
        reader.Begin(a);
        int slot = Slot.Of("k"u8);
        a.Set("k", "1");
        a.Apply(new SlotsCommand(CommandKind.Leave, B, false, SlotSet.Of(slot, slot)).Encode());
        a.Set("k", "2");
        a.Apply(new SlotCommand(CommandKind.Keep, slot, 1, B).Encode());
        a.Set("k", "3");
        a.Apply(new SlotCommand(CommandKind.EndKeep, slot, 3, B).Encode());
        a.Set("k", "4");
        reader.ReadAll(a, 1);
        Assert.Equal(["Put k=1 @1", "Put k=2 @2", "Put k=3 @3", "Put k=4 @4"], reader.Told);
    }

    [Fact]
    public void After_a_snapshot_was_loaded_a_place_before_it_is_too_late_and_one_at_it_is_not()
    {
        Shard a = NewShard();
        var early = new Reader(Everything);
        early.Begin(a);
        a.Set("k", "1");
        var present = new Reader(Everything);
        present.Begin(a);
        SnapshotCapture capture = a.Store.BeginSnapshot();
        byte[] chunk = new byte[SnapshotCapture.ChunkBytes];
        Shard loaded = NewShard();
        HistoryId before = loaded.History.Id;
        loaded.Store.Clear();
        loaded.Store.BeginRestore(capture.Head);
        while (!capture.IsComplete)
        {
            int length = capture.Fill(chunk);
            if (length > 0) loaded.Store.RestoreChunk(chunk.AsSpan(0, length));
        }

        loaded.Store.FinishRestore(capture.Head.Checksum);
        Assert.NotEqual(before, loaded.History.Id);
        loaded.Set("k", "2");
        early.ReadAll(loaded, 100);
        present.ReadAll(loaded, 100);
        Assert.True(early.IsCompacted);
        Assert.Equal(["Put k=2 @2"], present.Told);
    }

    [Fact]
    public void News_names_the_keys_and_slots_that_changed_and_says_so_when_it_cannot()
    {
        Shard a = NewShard(60_000);
        HistoryId id = a.History.Id;
        a.Set("k", "1");
        a.Apply(new SlotsCommand(CommandKind.Leave, B, false, SlotSet.Of(7, 7)).Encode());
        a.Apply(new SlotCommand(CommandKind.Hand, 7, 1, B).Encode());
        HistoryNews news = HistoryNews.After(a.History, id, 0);
        Assert.False(news.IsAnything);
        Assert.Equal([(Slot.Of("k"u8), "k"), (7, "")], Named(news));
        Assert.Equal(1ul, news.Top);

        HistoryNews none = HistoryNews.After(a.History, id, news.Offset);
        Assert.True(none.Keys.IsEmpty && !none.IsAnything && !none.IsMore);
        Assert.True(HistoryNews.After(a.History, id with { ProcessNonce = 99 }, news.Offset).IsAnything);
        for (int i = 0; i < 20; i++) a.Set("k", new string('v', 5_000));
        Assert.True(HistoryNews.After(a.History, id, news.Offset).IsAnything);
    }

    [Fact]
    public void A_change_too_large_for_the_history_makes_all_before_it_too_late()
    {
        Shard a = NewShard(20_000);
        var reader = new Reader(Everything);
        reader.Begin(a);
        a.Set("k", "1");
        a.Set("k", new string('v', 30_000));
        reader.ReadAll(a, 100);
        Assert.True(reader.IsCompacted);
        reader = new Reader(Everything);
        reader.Begin(a);
        a.Set("k", "3");
        reader.ReadAll(a, 100);
        Assert.Equal(["Put k=3 @3"], reader.Told);
    }

    private static List<(int Slot, string Key)> Named(HistoryNews news)
    {
        var named = new List<(int, string)>();
        ReadOnlySpan<byte> keys = news.Keys.Span;
        while (HistoryNews.TryTake(ref keys, out int slot, out ReadOnlySpan<byte> key)) named.Add((slot, Encoding.UTF8.GetString(key)));
        return named;
    }

    private static void Move(Shard from, Shard to, string tag, ulong epoch)
    {
        int slot = Slot.Of(Encoding.UTF8.GetBytes(tag));
        from.Apply(new SlotsCommand(CommandKind.Leave, B, false, SlotSet.Of(slot, slot)).Encode());
        to.Apply(new SlotCommand(CommandKind.BeginImport, slot, epoch + 1, A, epoch).Encode());
        from.Apply(new SlotCommand(CommandKind.Hand, slot, epoch, B).Encode());
        using (SlotExport export = from.Store.BeginExport(slot))
        {
            for (ulong chunk = 0; !export.IsCaughtUp;)
            {
                byte[] records = export.Next(4_096);
                if (records.Length > 0) to.Apply(new SlotCommand(CommandKind.Import, slot, epoch + 1, A, epoch, chunk++).Encode(records));
            }
        }

        to.Apply(new SlotCommand(CommandKind.TakeOver, slot, epoch + 1, A, epoch, from.Store.Revision, from.Store.SlotChecksum(slot), from.Store.SlotTime(slot)).Encode());
        from.Apply(new SlotCommand(CommandKind.Release, slot, epoch + 1, Number: 1_000).Encode());
    }

    private Shard NewShard(long maxBytes = 1 << 20, SlotSet? owned = null, long memoryBytes = long.MaxValue, Stores stores = Stores.None)
    {
        var shard = new Shard(maxBytes, memoryBytes, stores);
        shards.Add(shard);
        if (owned is not null) shard.Apply(new SlotsCommand(CommandKind.Found, default, owned.Count > 0, owned).Encode());
        return shard;
    }

    /// <summary>How what a history need not keep in memory gets to a file.</summary>
    public enum Stores
    {
        None,
        AtOnce,
        Late,
        OnAThread,
        UntilTheDiskFails,
        ToADiskThatFlipsBits,
        ToADiskThatCannotRead,
    }

    private sealed class Shard : IChangeObserver, IBackground, IDisposable
    {
        private readonly SimulatedFileSystem files = new(new Random(1)) { VolumeBytes = 1L << 40 };
        private readonly Queue<Action> work = new();
        private readonly BackgroundThread? thread;
        private readonly Stores stores;

        public Shard(long maxBytes, long memoryBytes, Stores stores)
        {
            this.stores = stores;
            if (stores == Stores.OnAThread) thread = new BackgroundThread();
            files.CreateFolder("/data");
            FreeAtFirst = Free;
            if (stores == Stores.UntilTheDiskFails) files.Faults.FailNth(FileOperation.Write, 3, 28);
            if (stores == Stores.ToADiskThatFlipsBits) files.Faults.FlippedBitProbability = 0.3;
            if (stores == Stores.ToADiskThatCannotRead) files.Faults.FailRandomly(FileOperation.Read, 0.3, 5);
            HistoryFile? file = stores == Stores.None ? null : new HistoryFile(CreateFile, this, maxBytes, _ => { });
            History = new ChangeHistory(Store, new NodeId(1), 1, maxBytes, memoryBytes, file);
            Store.Observe(History);
            Store.Observe(this);
        }

        public KeyValueStore Store { get; } = new();

        public ChangeHistory History { get; }

        public long Free => files.FreeBytes("/data");

        public long FreeAtFirst { get; }

        private IFile CreateFile()
        {
            IFile made = files.Create("/data/history", 0);
            files.Delete("/data/history");
            return made;
        }

        public void Run(Action item)
        {
            if (thread is not null) thread.Run(item);
            else if (stores == Stores.Late) work.Enqueue(item);
            else item();
        }

        public void Work()
        {
            while (work.TryDequeue(out Action? item)) item();
        }

        public void Dispose()
        {
            thread?.Dispose();
            History.Dispose();
            Store.Dispose();
        }

        public List<(string Key, string Words)> Applied { get; } = [];

        public void Set(string key, string value) => Apply(Command.EncodeSet(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)));

        public void Delete(string key) => Store.Apply(Store.AppliedIndex + 1, Command.EncodeDelete(Encoding.UTF8.GetBytes(key)));

        public void Apply(byte[] command) => Assert.Equal(ApplyStatus.Done, Store.Apply(Store.AppliedIndex + 1, command).Status);

        public void KeyChanged(in KeyChange change)
        {
            string key = Encoding.UTF8.GetString(change.Key);
            Applied.Add((key, $"{change.Kind} {key}={Encoding.UTF8.GetString(change.Value)} @{change.Revision}"));
        }
    }

    private sealed class Reader(WatchFilter filter)
    {
        private List<SlotPlace> places = [];

        public WatchFilter Filter => filter;

        public List<string> Told { get; } = [];

        public bool IsCompacted { get; private set; }

        public void Begin(Shard shard) => places =
        [
            .. shard.History.Coverage.Open.Where(run => run.First <= filter.LastSlot && run.Last >= filter.FirstSlot)
                .Select(run => new SlotPlace(Math.Max(run.First, filter.FirstSlot), Math.Min(run.Last, filter.LastSlot), run.Epoch, shard.Store.Revision)),
        ];

        public void ReadAll(Shard shard, int maxBytes) => ReadAll([shard], maxBytes);

        public void ReadAll(Shard[] shards, int maxBytes)
        {
            bool goesOn = true;
            while (goesOn)
            {
                goesOn = false;
                foreach (Shard shard in shards)
                {
                    HistoryAnswer answer = HistoryReader.Read(shard.History, filter, places, maxBytes);
                    IsCompacted |= answer.Pieces.Any(piece => piece.Fate == PieceFate.Compacted);
                    goesOn |= !answer.IsAtEnd && answer.Pieces.Any(piece => piece.IsRead);
                    goesOn |= answer.Pieces.Any(piece => piece.EpochAfter != piece.Epoch);
                    places = [.. answer.Pieces.Select(piece => new SlotPlace(piece.First, piece.Last, piece.EpochAfter, piece.RevisionAfter))];
                    ReadOnlyMemory<byte> changes = answer.Changes;
                    while (WatchedChange.TryTake(ref changes, out WatchedChange change))
                        Told.Add($"{change.Kind} {Encoding.UTF8.GetString(change.Key)}={Encoding.UTF8.GetString(change.Value)} @{change.Revision}");
                    Assert.True(changes.IsEmpty);
                }
            }
        }
    }
}
