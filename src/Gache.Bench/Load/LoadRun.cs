using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Gache.Bench.Measure;
using Gache.Bench.Wire;

namespace Gache.Bench.Load;

/// <summary>Runs callers against servers for a time, and counts. One thread of its own keeps the time for all of them.</summary>
internal sealed class LoadRun(LoadPlan plan, Owners owners)
{
    /// <summary>How long a caller rests that was refused or got no answer: a dead server must not be asked in a circle.</summary>
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromMilliseconds(10);

    /// <summary>How often it is looked for requests that take too long.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest sleep of the thread that keeps the time.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(2);

    /// <summary>So many connect at once: a listening socket has a short queue, and who is turned away waits a second.</summary>
    private const int OpenAtOnce = 64;

    /// <summary>Callers' dice begin at numbers of their own, also where two runs' seeds are neighbours.</summary>
    private const int CallersApart = 1_000_003;

    /// <summary>Longest wait for all callers to be connected before the clock begins: accepting thousands takes a server seconds.</summary>
    private static readonly TimeSpan LongestConnecting = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<(Caller Caller, long Until)> resting = new();
    private readonly PriorityQueue<Caller, long> backingOff = new(); // its own lock; until when
    private readonly Counts counts = new();
    private long measuredFrom = long.MaxValue;
    private long end = long.MaxValue;
    private int running;
    private volatile bool hasBegun;
    private volatile Pace? pace;
    private volatile Exception? fault;

    /// <summary>What is to be done.</summary>
    public LoadPlan Plan => plan;

    /// <summary>The servers.</summary>
    public Owners Owners => owners;

    /// <summary>Runs it.</summary>
    /// <param name="watch">Is shown the figures a few times a second, and from when they are measured; may be null.</param>
    /// <param name="stop">Ends it early; what was measured until then counts.</param>
    /// <remarks>Never on the caller's thread: that may be one of the runtime's socket threads, on which awaited calls end here, and the load would wait for itself.</remarks>
    public Task<LoadResult> RunAsync(ILoadWatch? watch, CancellationToken stop) =>
        Task.Factory.StartNew(() => Run(watch, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private LoadResult Run(ILoadWatch? watch, CancellationToken stop)
    {
        PreciseSleep.Prepare();
        Caller[] callers = [.. Enumerable.Range(0, plan.Callers).Select(n => new Caller(this, n, plan.KeysOf(n), unchecked((plan.Seed * CallersApart) + n)))];
        running = callers.Length;
        try
        {
            foreach (Caller[] batch in callers.Chunk(OpenAtOnce))
            {
                foreach (Caller caller in batch) caller.Drive();
                if (callers.Length > OpenAtOnce) PreciseSleep.For(LongestSleep);
            }

            // Each ends there once, connected or not, and goes on when the time begins.
            for (long limit = Now() + Ticks(LongestConnecting); resting.Count < callers.Length && Now() < limit && !stop.IsCancellationRequested && fault is null;)
                PreciseSleep.For(LongestSleep);

            long begin = Now();
            long from = begin + Ticks(plan.WarmUp);
            long until = plan.Duration is { } duration ? from + Ticks(duration) : long.MaxValue;
            counts.Begin(from, plan.Duration is { } time ? time + plan.Timeout : null);
            Volatile.Write(ref end, until);
            Volatile.Write(ref measuredFrom, from);
            if (plan.Rate is { } rate) pace = new Pace(rate, begin);
            hasBegun = true;
            KeepTime(callers, from, until, watch, stop);
            if (fault is { } cause) ExceptionDispatchInfo.Throw(cause);
            until = Volatile.Read(ref end); // an earlier one, if it was stopped
            return counts.Result(plan, plan.Duration is null ? counts.LastAnswer : Math.Max(counts.LastAnswer, until), pace?.NotSent(until) ?? 0);
        }
        finally
        {
            foreach (Caller caller in callers) caller.Dispose();
        }
    }

    /// <summary>The clock of all.</summary>
#pragma warning disable CA1822 // an instance's, so that nobody has a clock of their own
    public long Now() => Stopwatch.GetTimestamp();
#pragma warning restore CA1822

    /// <summary>Whether a caller is to send now, and since when that is due. If not, it is finished, or will be called.</summary>
    public bool TryBegin(Caller caller, out long due)
    {
        due = Now();
        if (!hasBegun)
        {
            // Connected before the others: nothing is sent before all have had their turn to connect.
            resting.Enqueue((caller, due));
            return false;
        }

        if (due >= Volatile.Read(ref end))
        {
            Finished();
            return false;
        }

        return pace is not { } steps || steps.TryTake(caller, due, out due);
    }

    /// <summary>A caller does nothing any more.</summary>
    public void Finished() => Interlocked.Decrement(ref running);

    /// <summary>A caller goes on after a short while, or after what it was told if callers heed that.</summary>
    public void Rest(Caller caller, TimeSpan? told = null)
    {
        if (!plan.BacksOff || told is not { } time || time <= RestAfterFailure)
        {
            resting.Enqueue((caller, Now() + Ticks(RestAfterFailure)));
            return;
        }

        lock (backingOff) backingOff.Enqueue(caller, Now() + Ticks(time));
    }

    /// <summary>Something is wrong with this program: the run ends.</summary>
    public void Break(Exception cause) => fault ??= cause;

    /// <summary>An answer came.</summary>
    /// <param name="verdict">What it is.</param>
    /// <param name="ask">What was asked.</param>
    /// <param name="due">Since when that was due.</param>
    /// <param name="began">Since when it was waited for the server.</param>
    /// <param name="reason">Why it is wrong, beside what it says itself.</param>
    /// <param name="answer">The answer.</param>
    public void Count(Verdict verdict, in Ask ask, long due, long began, string? reason, IAnswerReader answer) =>
        counts.Add(verdict, ask, due, began, Now(), IsMeasured(due), reason, answer);

    /// <summary>A request was sent on.</summary>
    public void CountRedirect(long due)
    {
        if (IsMeasured(due)) counts.AddRedirect();
    }

    /// <summary>No answer came.</summary>
    public void CountUnanswered(long due, in Ask ask, Endpoint to, SocketError error)
    {
        if (IsMeasured(due)) counts.AddUnanswered(ask, to, error);
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private bool IsMeasured(long due) => due >= Volatile.Read(ref measuredFrom);

    private void KeepTime(Caller[] callers, long from, long until, ILoadWatch? watch, CancellationToken stop)
    {
        long sample = Ticks(counts.SampleInterval);
        long nextSample = from + sample;
        long nextLook = Now();
        // A short patience is kept to the quarter.
        long look = Ticks(LookInterval < plan.Timeout / 4 ? LookInterval : plan.Timeout / 4);
        bool isMeasured = false;
        while (Volatile.Read(ref running) > 0 && fault is null)
        {
            long now = Now();
            if (stop.IsCancellationRequested) Volatile.Write(ref end, until = Math.Min(until, now));
            if (!isMeasured && now >= from)
            {
                isMeasured = true;
                counts.BeginProcessorTime();
                watch?.Begin();
            }

            WakeRested(now);
            if (pace is { } steps)
            {
                while (steps.TakeIdle(Math.Min(now, until - 1), out long due) is { } caller) caller.DriveDue(due);
                if (now >= until) foreach (Caller caller in steps.TakeAllIdle()) caller.Drive(); // they hear that it is over
            }

            if (now >= nextLook)
            {
                nextLook = now + look;
                foreach (Caller caller in callers)
                {
                    if (caller.WaitingSince is var since and not 0 && now - since > Ticks(plan.Timeout)) caller.Abort();
                }

                if (plan.Duration is null && now - Math.Max(from, counts.LastAnswer) > 3 * Ticks(plan.Timeout)) Volatile.Write(ref end, now);
            }

            if (now >= nextSample)
            {
                nextSample += sample;
                counts.Sample(now);
                watch?.Show(counts);
            }

            PreciseSleep.For(UntilNext(Now(), until));
        }

        counts.Sample(Now());
        watch?.Show(counts);
    }

    /// <summary>At a given pace the thread is awake when the next is due; callers that come free find by themselves what is due.</summary>
    private TimeSpan UntilNext(long now, long until)
    {
        if (pace is not { HasIdle: true } steps || now >= until) return LongestSleep;
        TimeSpan left = TimeSpan.FromSeconds((steps.NextDue - now) / (double)Stopwatch.Frequency);
        return left < LongestSleep ? left : LongestSleep;
    }

    /// <summary>The next whose time is over; at the end all, who hear then that it is over.</summary>
    private Caller? TakeBackingOff(long now)
    {
        lock (backingOff) return backingOff.TryPeek(out _, out long until) && (until <= now || now >= Volatile.Read(ref end)) ? backingOff.Dequeue() : null;
    }

    private void WakeRested(long now)
    {
        while (resting.TryPeek(out (Caller Caller, long Until) first) && first.Until <= now && resting.TryDequeue(out first)) first.Caller.Drive();
        while (plan.BacksOff && TakeBackingOff(now) is { } rested) rested.Drive();
    }
}
