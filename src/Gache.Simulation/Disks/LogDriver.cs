using Gache.Log;

namespace Gache.Simulation;

/// <summary>
/// Stands in for the log writer's thread: takes what waits, writes it, syncs it, each at a moment of its own, so that a crash can fall between
/// any two; everything that arrives meanwhile goes into the next round.
/// </summary>
internal sealed class LogDriver
{
    private readonly NodeProcess process;
    private readonly DiskSpeed speed;
    private readonly WriteAheadLog log;
    private readonly SyncedLog disk;
    private readonly Action<Durable> completed;
    private readonly Action<Exception> failed;
    private readonly TimeSpan idleHeadAfter;
    private SimulatedEvent? idle;
    private bool isBusy;
    private bool hasFailed;

    /// <summary>Makes a driver; nothing happens before the first write.</summary>
    public LogDriver(
        NodeProcess process, DiskSpeed speed, WriteAheadLog log, SyncedLog disk, LogOptions options, Action<Durable> completed, Action<Exception> failed)
    {
        (this.process, this.speed, this.log, this.disk, this.completed, this.failed) = (process, speed, log, disk, completed, failed);
        idleHeadAfter = options.IdleHeadAfter;
        WaitForIdle();
    }

    /// <summary>True while a write waits or is under way.</summary>
    public bool IsBusy => isBusy;

    /// <summary>Takes a write and begins a round if none is under way.</summary>
    public void Submit(LogWrite write)
    {
        if (hasFailed) return;
        disk.Submitted(write);
        log.Submit(write);
        if (isBusy) return;
        isBusy = true;
        if (idle is not null) EventScheduler.Cancel(idle);
        process.After(speed.DrawWrite(), Write);
    }

    private void Write() => Guard(() =>
    {
        if (!log.TryTake(out LogBatch batch))
        {
            isBusy = false;
            WaitForIdle();
            return;
        }

        log.Write(batch);
        process.After(speed.DrawSync(), () => Sync(batch));
    });

    private void Sync(LogBatch batch) => Guard(() =>
    {
        Durable durable = log.Sync(batch);
        disk.Synced(durable.Write);
        process.After(speed.DrawWrite(), Write);
        if (log.NeedsPreparing) process.After(speed.DrawBackground(), () => Guard(Prepare));
        completed(durable);
    });

    private void Prepare()
    {
        if (log.NeedsPreparing) log.PrepareAhead();
    }

    private void WaitForIdle() => idle = process.After(idleHeadAfter, () => Guard(() =>
    {
        if (!isBusy) log.WriteIdleHead();
    }));

    private void Guard(Action step)
    {
        if (hasFailed) return;
        try
        {
            step();
        }
        catch (LogFailedException failure)
        {
            hasFailed = true; // P3: nothing more, whatever the disk does later
            failed(failure);
        }
    }
}
