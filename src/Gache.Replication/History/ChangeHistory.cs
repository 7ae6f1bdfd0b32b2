using Gache.Primitives;
using Gache.Store;

namespace Gache.Replication;

/// <summary>The last changes of a shard as one replica applied them, for watches; in memory, bounded, and no part of the replicated state.</summary>
/// <remarks>
/// The store's owner appends and never waits; any thread reads. After a start it begins where the snapshot that was loaded ends, and the log's
/// entries behind that fill it again.
/// </remarks>
public sealed class ChangeHistory : IChangeObserver
{
    /// <summary>The bound on a node's history, in bytes, unless its memory is small.</summary>
    public const long DefaultBytes = 64 << 20;

    /// <summary>Of the store's memory bound, a history takes this part at most.</summary>
    public const int ShareOfMemory = 8;

    private const int ChunkBytes = 256 * 1024;
    private const int FirstChunkBytes = 16 * 1024;

    private static readonly OpenRun NoRun = new(-1, -1, 0, 0, false);

    private readonly KeyValueStore store;
    private readonly NodeId node;
    private readonly ulong nonce;
    private readonly long maxBytes;
    private readonly long memoryBytes;
    private readonly List<HistoryChunk> list = [];
    private volatile HistoryChunks chunks;
    private volatile Coverage coverage;
    private HistoryId id;
    private byte[]? spare; // one chunk's bytes, to be used again
    private HistoryChunk? current;
    private OpenRun latest = NoRun; // of the record appended last: most slots share a run
    private ulong trimmed;
    private ulong top;
    private long end;
    private long bytes;
    private long bound; // in force
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
    public ChangeHistory(KeyValueStore store, NodeId node, ulong nonce, long maxBytes = DefaultBytes, long memoryBytes = long.MaxValue)
    {
        (this.store, this.node, this.nonce, this.maxBytes, this.memoryBytes, bound) = (store, node, nonce, maxBytes, memoryBytes, maxBytes);
        coverage = Coverage.Of(store);
        (top, trimmed) = (store.Revision, store.Revision);
        chunks = new HistoryChunks([], trimmed);
        id = new HistoryId(node, nonce, 0);
    }

    /// <summary>What it does not give way below, in bytes: whoever watches must be able to read what came a moment ago, be it the largest change so far and
    /// the one before.</summary>
    public long LeastBytes => Math.Clamp(2 * largest, maxBytes / 8, maxBytes);

    /// <summary>What it takes in memory, in bytes.</summary>
    public long Bytes => Volatile.Read(ref bytes);

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
            return now.List.Length > 1 && Bytes > Volatile.Read(ref bound) / 4 * 3 ? now.List[now.List.Length / 2].Before : 0;
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
            if ((before & 1) == 0 && before == Volatile.Read(ref changing)) return look;
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
    internal void Fit()
    {
        DecideBound();
        if (bytes <= bound) return;
        BeginChange();
        Trim(0);
        Publish();
        EndChange();
    }

    // All that a look reads is itself written with release (volatile), so behind the odd counter: a reader that saw any of it sees the counter
    // changed. A plain field here would break that.
    private void BeginChange() => Volatile.Write(ref changing, changing + 1);

    private void EndChange() => Volatile.Write(ref changing, changing + 1);

    private void AppendRecord(byte kind, int slot, ulong epoch, ulong revision, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int needed = HistoryChunk.HeadBytes + key.Length + value.Length;
        largest = Math.Max(largest, needed);
        if (current is null || current.Bytes.Length - current.Length < needed) Grow(needed);
        if (current is not null) current.Append(kind, slot, epoch, revision, key, value);
        else trimmed = revision; // larger than all that may be kept

        Volatile.Write(ref top, revision);
        Volatile.Write(ref end, end + needed);
        if (current is null) Publish();
    }

    private void DecideBound() => Volatile.Write(ref bound, Math.Clamp(memoryBytes - store.Bytes, LeastBytes, maxBytes));

    /// <summary>Lets the earliest go, so that there is room for more.</summary>
    private void Trim(int size)
    {
        int gone = 0;
        for (long left = bytes; gone < list.Count && left + size > bound; gone++) left -= list[gone].Bytes.Length;
        if (gone == 0) return;
        trimmed = gone < list.Count ? list[gone].Before : top;
        Drop(gone);
        if (list.Count == 0) current = null;
    }

    private void Grow(int needed)
    {
        DecideBound();
        int size = Math.Max(needed, list.Count == 0 ? FirstChunkBytes : (int)Math.Min(ChunkBytes, Math.Max(FirstChunkBytes, bound / 4)));
        Trim(size);
        if (size > bound)
        {
            current = null; // published with the record that is not kept
            return;
        }

        byte[]? again = null;
        if (size == ChunkBytes) (again, spare) = (spare, null);
        current = new HistoryChunk(again ?? GC.AllocateUninitializedArray<byte>(size), end, top);
        list.Add(current);
        Volatile.Write(ref bytes, bytes + size);
        Publish();
    }

    private void Drop(int count)
    {
        long freed = 0;
        for (int i = 0; i < count; i++)
        {
            freed += list[i].Bytes.Length;
            if (list[i].Retire() && list[i].Bytes.Length == ChunkBytes) spare ??= list[i].Bytes;
        }

        list.RemoveRange(0, count);
        Volatile.Write(ref bytes, bytes - freed);
    }

    private void Publish() => chunks = new HistoryChunks([.. list], trimmed);
}

/// <summary>A history at one moment.</summary>
internal readonly record struct HistoryLook(HistoryId Id, Coverage Coverage, ulong Top, long End, HistoryChunks Chunks);
