namespace Gache.Log;

/// <summary>Drives a log with a thread of its own: everything that arrived while a sync ran goes into the next write and the next sync.</summary>
/// <remarks>Zeroing ahead and the like are done on the thread pool; if that is late, the writer does it itself.</remarks>
public sealed class LogWriterThread : IDisposable
{
    private readonly WriteAheadLog log;
    private readonly LogOptions options;
    private readonly TimeProvider time;
    private readonly Action<Durable> completed;
    private readonly Action<Exception> failed;
    private readonly Thread thread;
    private readonly object gate = new(); // a monitor: the writer waits on it
    private readonly WaitCallback prepare;
    private bool isWaiting;
    private bool isStopping;
    private bool isFailed;
    private bool isPreparing;
    private long queuedSince; // timestamp of the oldest write that waits, or 0
    private long inFlightSince; // timestamp of the oldest write that is being synced, or 0
    private ulong lastCompleted;

    /// <summary>Makes the thread; <see cref="Start"/> starts it.</summary>
    /// <param name="log">The log, which nobody else writes.</param>
    /// <param name="options">The idle head.</param>
    /// <param name="time">For ages and durations.</param>
    /// <param name="completed">Called on the writer's thread after every sync that ended a write; must not block.</param>
    /// <param name="failed">Called once, on whatever thread met the failure; nothing is written or completed afterwards (P3).</param>
    public LogWriterThread(WriteAheadLog log, LogOptions options, TimeProvider time, Action<Durable> completed, Action<Exception> failed)
    {
        (this.log, this.options, this.time, this.completed, this.failed) = (log, options, time, completed, failed);
        thread = new Thread(Run) { Name = "gache log", IsBackground = true };
        prepare = _ => Prepare();
        Counters = new LogWriterCounters(time, () => OldestUnsyncedAge);
    }

    /// <summary>What the thread did so far, for metrics.</summary>
    public LogWriterCounters Counters { get; }

    /// <summary>How long the oldest write that is not synced has waited; zero if there is none.</summary>
    public TimeSpan OldestUnsyncedAge
    {
        get
        {
            lock (gate)
            {
                long since = inFlightSince != 0 ? inFlightSince : queuedSince;
                return since == 0 ? TimeSpan.Zero : time.GetElapsedTime(since);
            }
        }
    }

    /// <summary>Starts the thread.</summary>
    public void Start()
    {
        thread.Start();
        PrepareIfNeeded();
    }

    /// <summary>Hands a write to the log and wakes the thread if that is enough for it; never blocks for the disk.</summary>
    /// <exception cref="LogFailedException">The log failed before.</exception>
    public void Submit(LogWrite write)
    {
        lock (gate)
        {
            log.Submit(write);
            if (queuedSince == 0) queuedSince = Math.Max(1, time.GetTimestamp());
            if (!isWaiting) return;
            isWaiting = false;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Writes what waits, then the closing mark, and returns when the thread has ended.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isStopping = true;
            Monitor.Pulse(gate);
        }

        if (!thread.ThreadState.HasFlag(ThreadState.Unstarted)) thread.Join();
        AwaitPreparation();
        log.Dispose();
    }

    private void Run()
    {
        try
        {
            for (Wake wake = Wait(); wake != Wake.Stop; wake = Wait())
            {
                if (wake == Wake.Idle) log.WriteIdleHead();
                else if (TryTake(out LogBatch batch)) Carry(batch);
                PrepareIfNeeded();
            }

            AwaitPreparation();
            log.CloseCleanly();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Carry(LogBatch batch)
    {
        int entries = batch.Entries;
        int bytes = batch.Bytes;
        log.Write(batch);
        long started = time.GetTimestamp();
        Durable durable = log.Sync(batch);
        Counters.Syncs.Add(started, time.GetTimestamp());
        Counters.Add(entries, bytes);
        lock (gate)
        {
            inFlightSince = 0;
            if (isFailed) return; // P3: nothing is acknowledged after a failure, whichever thread met it
        }

        if (durable.Write != lastCompleted) completed(durable); // else it was only a part of a large write
        lastCompleted = durable.Write;
    }

    private bool TryTake(out LogBatch batch)
    {
        lock (gate)
        {
            bool taken = log.TryTake(out batch);
            inFlightSince = taken ? queuedSince : 0;
            if (log.EntriesWaiting == 0) queuedSince = 0;
            return taken;
        }
    }

    private Wake Wait()
    {
        lock (gate)
        {
            while (true)
            {
                if (isFailed) return Wake.Stop;
                if (log.EntriesWaiting > 0) return Wake.Write;
                if (isStopping) return Wake.Stop;
                isWaiting = true;
                bool isPulsed = Monitor.Wait(gate, options.IdleHeadAfter);
                isWaiting = false;
                if (!isPulsed && log.EntriesWaiting == 0) return Wake.Idle;
            }
        }
    }

    private void AwaitPreparation()
    {
        lock (gate)
        {
            while (isPreparing) Monitor.Wait(gate);
        }
    }

    private void PrepareIfNeeded()
    {
        if (!log.NeedsPreparing) return;
        lock (gate)
        {
            if (isPreparing || isStopping || isFailed) return;
            isPreparing = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(prepare, null);
    }

    private void Prepare()
    {
        try
        {
            log.PrepareAhead();
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            lock (gate)
            {
                isPreparing = false;
                Monitor.PulseAll(gate);
            }
        }
    }

    private void Fail(Exception e)
    {
        lock (gate)
        {
            if (isFailed) return;
            isFailed = true;
            Monitor.PulseAll(gate);
        }

        failed(e);
    }

    private enum Wake
    {
        Write,
        Idle,
        Stop,
    }
}
