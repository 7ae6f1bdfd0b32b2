using Gache.Primitives;
using Gache.Store;

namespace Gache.Replication;

/// <summary>The last changes of a shard as one replica applied them, for watches; bounded, and no part of the replicated state.</summary>
/// <remarks>
/// The store's owner appends and never waits; any thread reads. The newest are in memory, what is older in a file, where there is one. After a start it begins where the snapshot that was loaded ends, and the log's
/// entries behind that fill it again.
/// </remarks>
public sealed class ChangeHistory : IChangeObserver, IDisposable
{
    /// <summary>The bound on a node's history, in bytes, unless its memory is small.</summary>
    public const long DefaultBytes = 64 << 20;

    /// <summary>Of the store's memory bound, a history takes this part at most.</summary>
    public const int ShareOfMemory = 8;

    private const int FirstChunkBytes = 16 * 1024;

    private static readonly OpenRun NoRun = new(-1, -1, 0, 0, false);

    private readonly KeyValueStore store;
    private readonly NodeId node;
    private readonly ulong nonce;
    private readonly long maxBytes;
    private readonly long memoryBytes;
    private readonly HistorySpace space;
    private readonly List<HistoryChunk> list = [];
    private volatile HistoryChunks chunks;
    private volatile Coverage coverage;
    private HistoryId id;
    private HistoryChunk? current;
    private int handed; // so many of the oldest are in the file, or on their way
    private long kept;  // bytes of the others
    private bool mayStore = true; // until it is said how much room the disk has
    private OpenRun latest = NoRun; // of the record appended last: most slots share a run
    private ulong trimmed;
    private ulong top;
    private long end;
    private long bytes; // in memory and file
    private long bound; // of those in memory, in force
    private long largest; // change so far, in bytes
    private long signalled;
    private int changing; // odd while the owner changes what a look puts together
    private Action? listener;

    /// <summary>Begins a history of what is applied from now on; the caller makes the store tell it (<see cref="KeyValueStore.Observe"/>).</summary>
    /// <param name="store">The store.</param>
    /// <param name="node">Whose history it is.</param>
    /// <param name="nonce">Of which process.</param>
    /// <param name="maxBytes">How much is kept.</param>
    /// <param name="memoryBytes">The bound on the store's memory and the history together: the history gives way, down to <see cref="LeastBytes"/>.</param>
    /// <param name="file">For what is more than <see cref="LeastBytes"/>; null: all of it stays in memory.</param>
    internal ChangeHistory(KeyValueStore store, NodeId node, ulong nonce, long maxBytes, long memoryBytes, HistoryFile? file)
    {
        space = new HistorySpace(file);
        (this.store, this.node, this.nonce, this.maxBytes, this.memoryBytes, bound) = (store, node, nonce, maxBytes, memoryBytes, maxBytes);
        coverage = Coverage.Of(store);
        (top, trimmed) = (store.Revision, store.Revision);
        chunks = new HistoryChunks([], trimmed);
        id = new HistoryId(node, nonce, 0);
    }

    /// <summary>What it does not give way below, and with a file has in memory, in bytes: whoever watches must be able to read what came a moment ago, be it the largest change so far and
    /// the one before.</summary>
    public long LeastBytes => Math.Clamp(2 * largest, maxBytes / 8, maxBytes);

    /// <summary>What it takes in memory, in bytes.</summary>
    public long Bytes => space.InMemory;

    /// <summary>What it takes in memory and on disk, in bytes.</summary>
    public long TotalBytes => Volatile.Read(ref bytes);

    /// <summary>The revision of the last change.</summary>
    public ulong Top => Volatile.Read(ref top);

    /// <summary>Where it ends, in bytes since its beginning.</summary>
    public long End => Volatile.Read(ref end);

    /// <summary>The revision that a reader should not stay behind of, as what is before will be gone before long; 0 while there is room.</summary>
    public ulong Aged
    {
        get
        {
            HistoryChunks now = chunks;
            bool isOld = TotalBytes > maxBytes / 4 * 3 || Bytes > BoundInMemory / 4 * 3;
            return now.List.Length > 1 && isOld ? now.List[now.List.Length / 2].Before : 0;
        }
    }

    /// <summary>Told outside of the step that something was appended; one at a time.</summary>
    public Action? Listener
    {
        get => Volatile.Read(ref listener);
        set => Volatile.Write(ref listener, value);
    }

    /// <summary>What is covered; read together with <see cref="Top"/> by <see cref="Look"/>.</summary>
    internal Coverage Coverage => coverage;

    /// <summary>A picture in which all that is in the chunks up to its top is as the coverage says.</summary>
    /// <remarks>
    /// All of one moment, by a sequence lock: with a top older than the end a reader would be told the last change twice, and with a newer one never.
    /// </remarks>
    internal HistoryLook Look()
    {
        var wait = new SpinWait();
        while (true)
        {
            int before = Volatile.Read(ref changing);
            var look = new HistoryLook(Id, coverage, Top, End, chunks);
            Interlocked.MemoryBarrier();
            if ((before & 1) == 0 && before == Volatile.Read(ref changing)) return space.Losses == 0 ? look : look with { Chunks = look.Chunks.WithoutLost(look.Top) };
            wait.SpinOnce();
        }
    }

    /// <summary>Its name.</summary>
    public HistoryId Id
    {
        get
        {
            lock (list) return id; // whoever asks while a snapshot's state comes in waits until all of it is here
        }
    }

    /// <inheritdoc/>
    public void KeyChanged(in KeyChange change)
    {
        if (change.Slot < latest.First || change.Slot > latest.Last) latest = coverage.Find(change.Slot) ?? NoRun;
        BeginChange();
        AppendRecord((byte)change.Kind, change.Slot, latest.Epoch, change.Revision, change.Key, change.Value);
        EndChange();
    }

    /// <inheritdoc/>
    public void SlotChanged(int slot, in SlotState before, in SlotState after)
    {
        ulong reached = Math.Max(top, store.Revision); // a slot that arrives raises the shard's counter, and a history that begins anew begins there
        Coverage now = coverage.With(slot, before, after, reached);
        if (ReferenceEquals(now, coverage)) return;
        BeginChange();
        coverage = now;
        latest = NoRun;
        AppendRecord(HistoryChunk.SlotMark, slot, after.Epoch, reached, default, default);
        EndChange();
    }

    /// <inheritdoc/>
    public void StateReplaced()
    {
        Coverage loaded = Coverage.Of(store);
        latest = NoRun;
        lock (list)
        {
            BeginChange();
            id = id with { Resets = id.Resets + 1 };
            trimmed = store.Revision;
            Volatile.Write(ref top, store.Revision);
            Volatile.Write(ref end, 0);
            Drop(list.Count);
            current = null;
            Publish();
            coverage = loaded;
            EndChange();
        }
    }

    /// <summary>Tells the listener if something came since it was told last; called by the store's owner after it applied.</summary>
    /// <param name="run">Runs something outside of the step.</param>
    internal void Signal(Action<Action> run)
    {
        if (Listener is not { } told || signalled == end) return;
        signalled = end;
        run(told);
    }

    /// <summary>Gives way where the store needs the room, though nothing may come that would make it; called by the store's owner now and then.</summary>
    /// <param name="spareDiskBytes">What the disk has beyond all that anything else will need of it: the file is made only where all of it fits, and given up where
    /// that is less than nothing.</param>
    internal void Fit(long spareDiskBytes = long.MaxValue)
    {
        mayStore = space.File is { } file && spareDiskBytes >= maxBytes - file.Length;
        bool givesUpFile = spareDiskBytes < 0 && space.File is { Length: > 0 };
        DecideBound();
        if (!givesUpFile && Bytes <= BoundInMemory) return;
        BeginChange();
        if (givesUpFile)
        {
            DropOldest(handed);
            space.File!.Close();
        }

        Trim(0);
        Publish();
        EndChange();
    }

    /// <summary>Closes the file: what is in it can be read no more.</summary>
    public void Dispose() => space.File?.Dispose();

    // All that a look reads is itself written with release (volatile), so behind the odd counter: a reader that saw any of it sees the counter
    // changed. A plain field here would break that.
    private void BeginChange() => Volatile.Write(ref changing, changing + 1);

    private void EndChange() => Volatile.Write(ref changing, changing + 1);

    private void AppendRecord(byte kind, int slot, ulong epoch, ulong revision, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int needed = HistoryRecord.HeadBytes + key.Length + value.Length;
        largest = Math.Max(largest, needed);
        if (current is null || current.Free < needed) Grow(needed);
        if (current is not null) current.Append(kind, slot, epoch, revision, key, value);
        else trimmed = revision; // larger than all that may be kept

        Volatile.Write(ref top, revision);
        Volatile.Write(ref end, end + needed);
        if (current is null) Publish();
    }

    private void DecideBound() => Volatile.Write(ref bound, Math.Clamp(memoryBytes - store.Bytes, LeastBytes, maxBytes));

    /// <summary>With a file as much again as is kept in memory may be on its way there.</summary>
    private long BoundInMemory => Volatile.Read(ref bound) + (IsStoring ? LeastBytes : 0);

    private bool IsStoring => mayStore && space.File is { IsUsable: true };

    /// <summary>Lets the earliest go, so that there is room for more.</summary>
    private void Trim(int size)
    {
        int gone = 0;
        long left = bytes + size;
        for (long inMemory = Bytes + size; gone < list.Count && (left > maxBytes || inMemory > BoundInMemory); gone++)
        {
            left -= list[gone].Capacity;
            if (list[gone].IsInMemory) inMemory -= list[gone].Capacity;
        }

        DropOldest(gone);
    }

    private void DropOldest(int count)
    {
        if (count == 0) return;
        trimmed = count < list.Count ? list[count].Before : top;
        Drop(count);
        if (list.Count == 0) current = null;
    }

    private void Grow(int needed)
    {
        DecideBound();
        int size = Math.Max(needed, list.Count == 0 ? FirstChunkBytes : (int)Math.Min(HistorySpace.ChunkBytes, Math.Max(FirstChunkBytes, bound / 4)));
        Trim(size);
        if (size > bound)
        {
            current = null; // published with the record that is not kept
            return;
        }

        Store();
        current = new HistoryChunk(space, size, end, top);
        list.Add(current);
        kept += size;
        Volatile.Write(ref bytes, bytes + size);
        Publish();
    }

    /// <summary>Hands to the file what memory need not keep.</summary>
    private void Store()
    {
        for (; IsStoring && kept > LeastBytes && handed < list.Count; handed++)
        {
            kept -= list[handed].Capacity;
            space.File!.Store(list[handed]);
        }
    }

    private void Drop(int count)
    {
        long freed = 0;
        for (int i = 0; i < count; i++)
        {
            freed += list[i].Capacity;
            if (i >= handed) kept -= list[i].Capacity;
            list[i].Retire();
        }

        list.RemoveRange(0, count);
        handed = Math.Max(0, handed - count);
        Volatile.Write(ref bytes, bytes - freed);
    }

    private void Publish() => chunks = new HistoryChunks([.. list], trimmed);
}

/// <summary>A history at one moment.</summary>
internal readonly record struct HistoryLook(HistoryId Id, Coverage Coverage, ulong Top, long End, HistoryChunks Chunks);
