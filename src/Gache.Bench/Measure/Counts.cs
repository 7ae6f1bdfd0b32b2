using System.Diagnostics;
using System.Net.Sockets;
using Gache.Bench.Load;
using Gache.Bench.Wire;
using HdrHistogram;

namespace Gache.Bench.Measure;

/// <summary>What a run has counted. What is usual is counted by each thread for itself; the rest is rare.</summary>
internal sealed class Counts
{
    /// <summary>How many of each kind of failure are kept in words.</summary>
    public const int KeptReasons = 5;

    /// <summary>Bound on samples over time.</summary>
    private const int MaxSamples = 1_000;

    private static readonly TimeSpan LeastSampleInterval = TimeSpan.FromMilliseconds(200);

    [ThreadStatic]
    private static (Counts Of, Tally Tally) mine;

    private readonly Lock gate = new();
    private readonly List<Tally> tallies = [];
    private readonly List<Sample> samples = [];
    private readonly List<string> wrongReasons = [];
    private readonly List<string> failures = [];
    private readonly LongHistogram reads = Tally.NewHistogram();
    private readonly LongHistogram writes = Tally.NewHistogram();
    private readonly LongHistogram refusals = Tally.NewHistogram();
    private Pulse pulse = new(TimeSpan.Zero);
    private Pulse writePulse = new(TimeSpan.Zero);
    private long from;
    private long lastAnswer;
    private long missing;
    private long redirected;
    private long refused;
    private long unanswered;
    private long wrong;
    private (long Right, long Failed, long At) before;
    private TimeSpan processorBegin;

    /// <summary>How often <see cref="Sample"/> is to be called.</summary>
    public TimeSpan SampleInterval { get; private set; } = LeastSampleInterval;

    /// <summary>When the last answer came, in ticks of the stopwatch.</summary>
    public long LastAnswer => Volatile.Read(ref lastAnswer);

    /// <summary>How it went so far, the newest last.</summary>
    public IReadOnlyList<Sample> Samples => samples;

    /// <summary>Right answers so far.</summary>
    public long Right
    {
        get
        {
            lock (gate) return tallies.Sum(tally => tally.Right);
        }
    }

    /// <summary>Answers that were refused, wrong or did not come, so far.</summary>
    public long Failed => Volatile.Read(ref refused) + Volatile.Read(ref unanswered) + Volatile.Read(ref wrong);

    /// <summary>Sets when it is measured from; before that nothing but wrong answers is counted.</summary>
    /// <param name="measuredFrom">In ticks of the stopwatch.</param>
    /// <param name="longest">How long it can take, or null if nobody knows.</param>
    public void Begin(long measuredFrom, TimeSpan? longest)
    {
        (from, lastAnswer, before.At) = (measuredFrom, measuredFrom, measuredFrom);
        if (longest is not { } time) return;
        (pulse, writePulse) = (new Pulse(time), new Pulse(time));
        if (time / MaxSamples > SampleInterval) SampleInterval = time / MaxSamples;
    }

    /// <summary>From now on this process's own work is measured.</summary>
    public void BeginProcessorTime() => processorBegin = Environment.CpuUsage.TotalTime;

    /// <summary>An answer.</summary>
    public void Add(Verdict verdict, in Ask ask, long due, long began, long now, bool isMeasured, string? reason, IAnswerReader answer)
    {
        if (verdict == Verdict.Wrong)
        {
            Interlocked.Increment(ref wrong); // also in a warm-up: nothing wrong is passed over
            Keep(wrongReasons, reason is null ? answer.Reason : $"{reason}: {answer.Reason}");
        }

        if (!isMeasured) return;
        Volatile.Write(ref lastAnswer, now); // of several threads' the last but some nanoseconds
        switch (verdict)
        {
            case Verdict.Right or Verdict.Missing:
                Mine().Add(ask.IsRead, Stopwatch.GetElapsedTime(due, now).Ticks);
                TimeSpan at = Stopwatch.GetElapsedTime(from, now);
                pulse.Beat(at);
                if (!ask.IsRead) writePulse.Beat(at);
                if (verdict == Verdict.Missing) Interlocked.Increment(ref missing);
                break;
            case Verdict.Refused:
                Interlocked.Increment(ref refused);
                Mine().AddRefusal(Stopwatch.GetElapsedTime(began, now).Ticks);
                if (failures.Count < KeptReasons) Keep(failures, answer.Reason);
                break;
        }
    }

    /// <summary>A request was sent on to another server.</summary>
    public void AddRedirect() => Interlocked.Increment(ref redirected);

    /// <summary>A request that nobody answered.</summary>
    public void AddUnanswered(in Ask ask, Endpoint to, SocketError error)
    {
        Interlocked.Increment(ref unanswered);
        if (failures.Count < KeptReasons) Keep(failures, $"{(ask.IsRead ? "read" : "write")} of key {ask.Key} at {to.Name}: {error}");
    }

    /// <summary>Looks at how it went since the last look.</summary>
    public void Sample(long now)
    {
        if (now <= before.At) return;
        LongHistogram newReads = Tally.NewHistogram();
        LongHistogram newWrites = Tally.NewHistogram();
        lock (gate) foreach (Tally tally in tallies) tally.Take(newReads, newWrites, refusals);
        reads.Add(newReads);
        writes.Add(newWrites);
        newReads.Add(newWrites);
        long right = reads.TotalCount + writes.TotalCount;
        long failed = Failed;
        samples.Add(new Sample(
            Stopwatch.GetElapsedTime(from, before.At),
            Stopwatch.GetElapsedTime(before.At, now),
            right - before.Right,
            failed - before.Failed,
            Latencies.Of(newReads)));
        before = (right, failed, now);
    }

    /// <summary>All figures, when it is over; after a last <see cref="Sample"/>.</summary>
    public LoadResult Result(LoadPlan plan, long over, long notSent)
    {
        var elapsed = Stopwatch.GetElapsedTime(from, over);
        LongHistogram all = Tally.NewHistogram();
        all.Add(reads);
        all.Add(writes);
        long answers = all.TotalCount + refused + wrong;
        return new LoadResult
        {
            Part = plan.Part,
            Callers = plan.Callers,
            WantedRate = plan.Rate,
            Elapsed = elapsed,
            Right = all.TotalCount,
            Missing = missing,
            Redirected = redirected,
            Refused = refused,
            Unanswered = unanswered,
            Wrong = wrong,
            NotSent = notSent,
            LongestGap = pulse.LongestGap(elapsed),
            LongestWriteGap = plan.Part.ReadRatio < 1 ? writePulse.LongestGap(elapsed) : TimeSpan.Zero,
            OwnProcessorTime = answers == 0 ? TimeSpan.Zero : (Environment.CpuUsage.TotalTime - processorBegin) / answers,
            All = all,
            Reads = reads,
            Writes = writes,
            Refusals = refusals,
            Samples = samples,
            WrongReasons = wrongReasons,
            Failures = failures,
        };
    }

    private Tally Mine()
    {
        if (mine.Of == this) return mine.Tally;
        var tally = new Tally();
        lock (gate) tallies.Add(tally);
        mine = (this, tally);
        return tally;
    }

    private void Keep(List<string> list, string words)
    {
        lock (gate)
        {
            if (list.Count < KeptReasons) list.Add(words);
        }
    }
}
