using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>
/// One client: asks, waits for the answer or gives up, follows a redirect, thinks, and asks again. Each attempt is an operation of its own
/// in the history, so that a refusal which was a lie is found by its value; only a keyed write of which nothing is known is repeated as it was,
/// and stays one operation.
/// </summary>
public sealed class Client
{
    private static readonly TimeSpan LeastWay = TimeSpan.FromMicroseconds(50);
    private static readonly TimeSpan MostWay = TimeSpan.FromMicroseconds(500);
    private static readonly TimeSpan LeastTtl = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MostRetryWait = TimeSpan.FromMilliseconds(300);

    private readonly int number;
    private readonly EventScheduler scheduler;
    private readonly SeededRandom random;
    private readonly WorkloadOptions options;
    private readonly Func<IReadOnlyList<IEndpoint>> endpoints;
    private readonly History history;
    private readonly Dictionary<string, string?> leaders = []; // by tag: the API address of the node that answered a leader's question last, or was named as leader
    private readonly Dictionary<string, ulong> revisions = []; // by key: the one seen last
    private readonly Dictionary<string, long> sums = []; // by counter: the one seen last
    private int keyedWrites;
    private bool isStopped;

    /// <summary>Makes a client that begins after its first thinking time.</summary>
    public Client(
        int number, EventScheduler scheduler, SeededRandom random, WorkloadOptions options, Func<IReadOnlyList<IEndpoint>> endpoints, History history)
    {
        this.number = number;
        this.scheduler = scheduler;
        this.random = random;
        this.options = options;
        this.endpoints = endpoints;
        this.history = history;
        Think();
    }

    /// <summary>Told of everything a trace should show; null while nobody traces.</summary>
    public Action<string>? Trace { get; set; }

    /// <summary>True while it waits for an answer.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Asks nothing new from now on; an answer that is waited for still counts.</summary>
    public void Stop() => isStopped = true;

    private void Think() => scheduler.After(random.Between(TimeSpan.Zero, options.MostThinking), () =>
    {
        if (isStopped) return;
        OperationKind kind = DrawKind();
        Ask(kind, kind == OperationKind.Add ? options.CounterOf(random.Next(options.Counters)) : options.KeyOf(random.Next(options.Keys)), options.MostAttempts);
    });

    private OperationKind DrawKind()
    {
        int at = random.Next(options.Mix.Sum());
        int kind = 0;
        while (at >= options.Mix[kind]) at -= options.Mix[kind++];
        return (OperationKind)kind;
    }

    private void Ask(OperationKind kind, string key, int attempts)
    {
        string? idempotencyKey = IsWrite(kind) && random.Chance(options.Keyed) ? $"{number}-{++keyedWrites}" : null;
        Condition? condition = kind != OperationKind.Add && IsWrite(kind) && random.Chance(options.Conditional) ? DrawCondition(key) : null;
        ulong known = DrawKnown(kind, key);
        TimeSpan wait = (condition is not null && random.Chance(options.Waiting)) || (kind == OperationKind.Read && known != 0)
            ? random.Between(LeastTtl, options.LongestWait)
            : default;
        Operation operation = kind == OperationKind.Add
            ? history.Invoke(number, kind, key, counter: DrawTerms(key), idempotencyKey: idempotencyKey)
            : history.Invoke(
                number, kind, key, condition, idempotencyKey: idempotencyKey, wait: wait, known: known,
                ttl: kind is OperationKind.Set or OperationKind.Put && random.Chance(options.Expiring) ? random.Between(LeastTtl, options.LongestTtl) : default);
        Begin(new Attempt(operation, idempotencyKey is null ? attempts : options.MostKeyedAttempts, IsRepeat: false));
    }

    private void Begin(Attempt attempt)
    {
        Operation operation = attempt.Operation;
        IEndpoint endpoint = Choose(operation.Kind, operation.Key);
        if (!attempt.IsRepeat) operation.Remark = endpoint.ApiAddress;
        IsWaiting = true;
        NodeProcess? process = endpoint.Process;
        if (process is not { IsAlive: true })
        {
            scheduler.After(random.Between(LeastWay, MostWay), () => Refused(attempt, null, "connection refused"));
            return;
        }

        // The connection breaks when the process dies: the answer cannot come any more, and what was sent may or may not have been done.
        var gone = new CancellationTokenSource();
        Action hangUp = () =>
        {
            Lost(attempt, "no answer");
            process.After(random.Between(LeastWay, MostWay), gone.Cancel);
        };
        SimulatedEvent patience = scheduler.After(options.Patience, hangUp);
        Action broken = () => scheduler.After(random.Between(LeastWay, MostWay), hangUp);
        process.Killed += broken;
        process.After(random.Between(LeastWay, MostWay), () => _ = CarryOutAsync(
            endpoint, process, attempt,
            () =>
            {
                process.Killed -= broken;
                EventScheduler.Cancel(patience);
            },
            gone.Token));
    }

    private Condition DrawCondition(string key)
    {
        if (random.Chance(0.6) && revisions.TryGetValue(key, out ulong revision)) return new Condition { AnyOf = new[] { revision } };
        return random.Chance(0.8) ? new Condition { MustNotExist = true } : new Condition { MustExist = true };
    }

    /// <summary>Of a read: the revision that it waits to differ from, or must have reached; 0 for none.</summary>
    private ulong DrawKnown(OperationKind kind, string key) => kind switch
    {
        OperationKind.Read when random.Chance(options.Waiting) => revisions.GetValueOrDefault(key),
        OperationKind.StaleRead when random.Chance(options.NotBefore) => revisions.GetValueOrDefault(key),
        _ => 0,
    };

    /// <summary>What is added is drawn from so many numbers that the sums of any few tell which they were.</summary>
    private CounterTerms DrawTerms(string key)
    {
        long delta = 1 + (long)(random.NextUInt64() >> 24);
        return random.Chance(0.2) ? new CounterTerms(delta, Max: sums.GetValueOrDefault(key) + 2 * delta) : new CounterTerms(delta);
    }

    private static bool IsWrite(OperationKind kind) => kind is OperationKind.Set or OperationKind.Put or OperationKind.Delete or OperationKind.Add;

    private IEndpoint Choose(OperationKind kind, string key)
    {
        IReadOnlyList<IEndpoint> all = endpoints();
        if (kind != OperationKind.StaleRead && leaders.GetValueOrDefault(TagOf(key)) is { } leader && random.Chance(options.AsksLeader))
        {
            foreach (IEndpoint endpoint in all)
            {
                if (endpoint.ApiAddress == leader) return endpoint;
            }
        }

        return random.Pick(all);
    }

    private async Task CarryOutAsync(IEndpoint endpoint, NodeProcess process, Attempt attempt, Action answered, CancellationToken gone)
    {
        Operation operation = attempt.Operation;
        Action answer;
        Refusal? refusal;
        try
        {
            if (operation.IsWrite)
            {
                byte[] value = operation.WritesValue ? ValueCodec.Encode(operation.Value) : [];
                WriteAnswer write = await endpoint.WriteAsync(operation, value, gone).ConfigureAwait(false);
                refusal = write.Refusal;
                answer = () => Complete(attempt, write);
            }
            else
            {
                using ReadAnswer read = await endpoint.ReadAsync(operation, gone).ConfigureAwait(false);
                refusal = read.Refusal;
                long value = read is { Refusal: null, IsFound: true } ? ValueCodec.Decode(read.Value.Span) : 0;
                (bool isFound, ulong revision) = (read.IsFound, read.Revision);
                answer = () =>
                {
                    history.CompleteRead(operation, isFound, value, revision);
                    if (isFound) revisions[operation.Key] = revision;
                };
            }
        }
#pragma warning disable CA1031 // whatever it is, it is the node's failure and goes to the world
        catch (Exception exception)
#pragma warning restore CA1031
        {
            endpoint.Failed(exception);
            return;
        }

        if (!process.IsAlive) return; // died while it answered
        if (refusal is not null && !IsUnknown(refusal.Code) && !operation.IsInDoubt && !attempt.IsRepeat) endpoint.Refused(operation);
        answered();
        bool isLost = random.Chance(operation.IdempotencyKey is null ? options.LostAnswers : options.LostKeyedAnswers);
        scheduler.After(random.Between(LeastWay, MostWay), () =>
        {
            if (isLost) Lost(attempt, null);
            else if (refusal is null) Answered(attempt, endpoint, answer);
            else if (IsUnknown(refusal.Code)) Lost(attempt, refusal.Detail);
            else Refused(attempt, refusal.LeaderApi, refusal.Detail);
        });
    }

    private void Complete(Attempt attempt, WriteAnswer write)
    {
        Operation operation = attempt.Operation;
        if (operation.IdempotencyKey is not null) operation.Answers.Add(write);
        if (attempt.IsRepeat) return;
        bool isDone = write.Status == ApplyStatus.Done;
        if (isDone) history.Complete(operation, write.Revision, write.Existed, write.Number);
        else history.Decline(operation, write.Revision, write.Existed);
        if (operation.Kind == OperationKind.Add)
        {
            if (isDone) sums[operation.Key] = write.Number;
        }
        else if (isDone ? operation.WritesValue : write.Existed) revisions[operation.Key] = write.Revision;
    }

    private void Answered(Attempt attempt, IEndpoint endpoint, Action answer)
    {
        if (!TryEnd(attempt, null)) return;
        Operation operation = attempt.Operation;
        if (operation.Kind != OperationKind.StaleRead) leaders[TagOf(operation.Key)] = endpoint.ApiAddress;
        answer();
        Tell(attempt);
        if (operation.IdempotencyKey is null || attempt.IsRepeat || isStopped || !random.Chance(options.NeedlessRepeats)) Think();
        else scheduler.After(random.Between(TimeSpan.Zero, options.LatestRepeat), () => Begin(new Attempt(operation, 1, IsRepeat: true)));
    }

    /// <summary>This attempt surely had no effect; of earlier ones that says nothing.</summary>
    private void Refused(Attempt attempt, string? leader, string remark)
    {
        if (!TryEnd(attempt, remark)) return;
        Operation operation = attempt.Operation;
        leaders[TagOf(operation.Key)] = leader;
        if (operation.IsInDoubt || attempt.IsRepeat)
        {
            Repeat(attempt);
            return;
        }

        history.Refuse(operation);
        Tell(attempt);
        if (attempt.Left > 1 && !isStopped) scheduler.After(RetryWait(operation), () => Ask(operation.Kind, operation.Key, attempt.Left - 1));
        else Think();
    }

    private void Lost(Attempt attempt, string? remark)
    {
        if (!TryEnd(attempt, remark)) return;
        attempt.Operation.IsInDoubt = true;
        Repeat(attempt);
    }

    /// <summary>Sends a keyed write once more, as it was; gives up what has no key, or was tried often enough.</summary>
    private void Repeat(Attempt attempt)
    {
        Operation operation = attempt.Operation;
        if (operation.IdempotencyKey is not null && attempt.Left > 1 && !isStopped)
        {
            scheduler.After(RetryWait(operation), () => Begin(new Attempt(operation, attempt.Left - 1, attempt.IsRepeat)));
            return;
        }

        if (!attempt.IsRepeat) history.GiveUp(operation);
        Tell(attempt);
        Think();
    }

    private TimeSpan RetryWait(Operation operation) =>
        leaders.GetValueOrDefault(TagOf(operation.Key)) is null ? random.Between(TimeSpan.Zero, MostRetryWait) : TimeSpan.Zero;

    private bool TryEnd(Attempt attempt, string? remark)
    {
        if (attempt.IsOver) return false; // it gave up before the answer came
        attempt.IsOver = true;
        if (remark is not null && !attempt.IsRepeat) attempt.Operation.Remark += $": {remark}";
        IsWaiting = false;
        return true;
    }

    private void Tell(Attempt attempt) => Trace?.Invoke(attempt.IsRepeat ? $"repeats {attempt.Operation}" : attempt.Operation.ToString());

    private sealed record Attempt(Operation Operation, int Left, bool IsRepeat)
    {
        public bool IsOver { get; set; }
    }

    private string TagOf(string key) => options.Tags == 0 ? "" : key[..(key.IndexOf('}', StringComparison.Ordinal) + 1)];

    // The contract's table (http-api: Errors): these two are 504, all others are surely not applied.
    private static bool IsUnknown(RefusalCode code) => code is RefusalCode.Timeout or RefusalCode.LeadershipLost;
}
