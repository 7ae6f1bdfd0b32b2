namespace Gache.Bench.Bare.Limit;

/// <summary>All writes that wait become one batch: one message, one sync. Then it waits, at most a millisecond, until most of them are back.</summary>
internal sealed class SharedWrites(LogFile log, Followers followers)
{
    private const int BufferBytes = 1 << 20;
    private const int EntryHeadBytes = 32; // as long as what a store must write beside a value: key, revision, checksum, length
    private static readonly TimeSpan LongestPace = TimeSpan.FromMilliseconds(1);

    private readonly object gate = new(); // a monitor: the log's thread waits on it
    private Waiter? newest;
    private int queued;
    private int wanted = int.MaxValue; // the log's thread waits for so many
    private long synced; // the newest batch that a follower has

    /// <summary>The value that was written last.</summary>
    public byte[] Value { get; private set; } = new byte[100];

    /// <summary>Ends when the value is durable: here, and where there are followers with one of them.</summary>
    public ValueTask WriteAsync(byte[] value)
    {
        var waiter = new Waiter { Value = value };
        ValueTask task = waiter.Task;
        waiter.PushOn(ref newest);
        if (Interlocked.Increment(ref queued) >= Volatile.Read(ref wanted)) Wake();
        return task;
    }

    /// <summary>A follower has a batch.</summary>
    public void Synced(long batch)
    {
        long before = Volatile.Read(ref synced);
        if (batch > before && Interlocked.CompareExchange(ref synced, batch, before) == before) Wake();
    }

    /// <summary>Writes for as long as the process lives.</summary>
    public void Run()
    {
        byte[] buffer = new byte[BufferBytes];
        int last = 0;
        for (long batch = 1; ; batch++)
        {
            WaitForQueued(1, Timeout.InfiniteTimeSpan);
            WaitForQueued(last * 7 / 8, LongestPace);
            Waiter? taken = Interlocked.Exchange(ref newest, null);
            ReadOnlySpan<byte> frame = Batch(buffer, batch, taken, out last);
            Interlocked.Add(ref queued, -last);
            if (!followers.IsEmpty) followers.Send(frame);
            log.Write(frame);
            if (!followers.IsEmpty) WaitUntil(() => Volatile.Read(ref synced) >= batch, Timeout.InfiniteTimeSpan);
            if (taken is not null) Value = taken.Value;
            Waiter.CompleteAll(taken);
        }
    }

    private static ReadOnlySpan<byte> Batch(byte[] buffer, long number, Waiter? newestOfBatch, out int count)
    {
        int at = Frame.HeadBytes;
        count = 0;
        for (Waiter? each = newestOfBatch; each is not null; each = each.Next, count++)
        {
            at += EntryHeadBytes;
            each.Value.CopyTo(buffer.AsSpan(at));
            at += each.Value.Length;
        }

        Frame.WriteHead(buffer, at - Frame.HeadBytes, number);
        return buffer.AsSpan(0, at);
    }

    private void WaitForQueued(int count, TimeSpan atMost)
    {
        Volatile.Write(ref wanted, count);
        Interlocked.MemoryBarrier(); // who comes from here on sees it, who came before is counted now
        WaitUntil(() => Volatile.Read(ref queued) >= count, atMost);
        Volatile.Write(ref wanted, int.MaxValue);
    }

    private void WaitUntil(Func<bool> isSo, TimeSpan atMost)
    {
        if (isSo()) return;
        lock (gate)
        {
            while (!isSo())
            {
                if (!Monitor.Wait(gate, atMost)) return;
            }
        }
    }

    private void Wake()
    {
        lock (gate) Monitor.Pulse(gate);
    }
}
