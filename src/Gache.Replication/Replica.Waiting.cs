using Gache.Primitives;
using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

/// <summary>Requests that wait for a key, or for a revision (http-api: Waiting, Levels).</summary>
/// <remarks>
/// Nothing of them is replicated: a write that waits is proposed like any other once the applied state meets its condition, and apply decides. Who waits
/// stands in memory here and nowhere else, so whoever loses its place was surely not applied (P11).
/// </remarks>
public sealed partial class Replica
{
    private readonly WaitingRequests waiting;
    private readonly WaitingObserver waitingObserver;
    private bool isObserving;
    private bool refusesWaiting; // this node is about to stop
    private ulong settledIndex; // up to here stand writes of which nobody here waits for the fate: of earlier terms, or given up for lost
    private bool isSettled;

    /// <summary>Writes as <see cref="WriteAsync(byte[])"/> does, once the command's condition holds: in order of arrival among those who wait for the key.</summary>
    /// <param name="command">A conditional command; the replica owns it from now on.</param>
    /// <param name="wait">For how long at most; after it the condition is judged once more, and that is the answer.</param>
    /// <param name="gone">The client has gone: it gives up its place. What is proposed already goes on.</param>
    public async ValueTask<WriteAnswer> WriteAsync(byte[] command, TimeSpan wait, CancellationToken gone)
    {
        WriteOperation operation = WriteOperation.Rent(command, Command.NeedsSpace(command));
        var request = new WaitingWrite(operation, command, wait);
        operation.Waiting = request;
        ValueTask<WriteAnswer> answer = operation.AsValueTask();
        CancellationTokenRegistration losing = LoseWhen(request, gone);
        Start(operation);
        WriteAnswer given = await answer.ConfigureAwait(false);
        losing.Unregister(); // not disposed: that would wait for whoever runs it, who may run the step
        return given;
    }

    /// <summary>Reads as <see cref="ReadAsync(ReadOnlyMemory{byte}, ReadLevel)"/> does, once there is what the terms ask for.</summary>
    /// <param name="key">1 to 2,048 bytes; not changed until the answer is there.</param>
    /// <param name="terms">What it waits for.</param>
    /// <param name="gone">The client has gone.</param>
    public async ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadTerms terms, CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(terms);
        ReadOperation operation = ReadOperation.Rent(key, terms.Level);
        var request = new WaitingRead(operation, key, terms);
        operation.Waiting = request;
        ValueTask<ReadAnswer> answer = operation.AsValueTask();
        CancellationTokenRegistration losing = LoseWhen(request, gone);
        Start(operation);
        ReadAnswer given = await answer.ConfigureAwait(false);
        losing.Unregister();
        return given;
    }

    private void Start(Operation operation)
    {
        if (!Enqueue(operation)) return;
        if (!holdsWrites || operation is ReadOperation) guard.Signal();
    }

    private CancellationTokenRegistration LoseWhen(WaitingRequest request, CancellationToken gone) => gone.UnsafeRegister(
        static state =>
        {
            (Replica replica, WaitingRequest lost) = ((Replica, WaitingRequest))state!;
            lost.IsLost = true;
            replica.Post(() => replica.GiveUp(lost));
        },
        (this, request));

    private void GiveUp(WaitingRequest request)
    {
        if (!request.IsAnswered && !request.IsTrying && (request.Place is not null || request.AwaitedRevision != 0)) RefuseWaiting(request, ClientGone);
    }

    /// <summary>A leader takes up a write that waits.</summary>
    private void StartWaiting(WaitingWrite request)
    {
        if (request.IsLost || refusesWaiting)
        {
            Refuse(request.Operation, request.IsLost ? ClientGone : ShuttingDown);
            return;
        }

        request.Begin(nowTick);
        if (request.UntilTick <= nowTick)
        {
            ProposeLast(request);
            return;
        }

        if (!TryWait(request, out WaitingKey? key))
        {
            Refuse(request.Operation, TooManyWait);
            return;
        }

        if (!isSettled || isLoading) return; // the key may have changed already, or this very command been carried out
        if (store.Remembers(request.Command)) ProposeLast(request);
        else See(key!);
    }

    /// <summary>A read that is to be served sees what it waits for, or waits.</summary>
    /// <returns>False if it waits, or was refused.</returns>
    private bool MayBeServed(WaitingRead request)
    {
        if (refusesWaiting || request.IsLost)
        {
            Refuse(request.Operation, request.IsLost ? ClientGone : ShuttingDown);
            return false;
        }

        if (store.Revision < request.Terms.MinRevision && !Planted.Is(PlantedFault.RevisionNotAwaited))
        {
            if (request.RevisionUntilTick == 0) request.RevisionUntilTick = request.Operation.DeadlineTick;
            if (request.RevisionUntilTick <= nowTick) Refuse(request.Operation, RevisionNotReached(request.Terms.MinRevision));
            else if (waiting.TryAdd(request, request.Terms.MinRevision, request.RevisionUntilTick)) NowWaits(request);
            else Refuse(request.Operation, TooManyWait);
            return false;
        }

        request.Begin(nowTick);
        if (!request.WaitsForChange || request.UntilTick <= nowTick) return true;
        bool exists = store.TryGet(request.Slot, request.Key.Span, out ValueRef value);
        if (request.Terms.IsAnsweredBy(exists, exists ? value.Revision : 0)) return true;
        if (request.Operation.Level != ReadLevel.Stale && core.Role != Role.Leader) Refuse(request.Operation, NotLeading()); // confirmed before it was deposed: good now, not later
        else if (!TryWait(request, out _)) Refuse(request.Operation, TooManyWait);
        return false;
    }

    private bool TryWait(WaitingRequest request, out WaitingKey? key)
    {
        key = waiting.TryAdd(request);
        if (key is not null) NowWaits(request);
        return key is not null;
    }

    /// <summary>Who waits counts among the waiting, and not among those that queue for the next step.</summary>
    private void NowWaits(WaitingRequest request)
    {
        Release(request.Operation);
        if (isObserving) return;
        store.Observe(waitingObserver);
        isObserving = true;
    }

    /// <summary>After entries were applied: whoever got what it waits for goes on.</summary>
    /// <returns>True if that made something to do at once.</returns>
    private bool SeeWaiting()
    {
        if (waiting.Count == 0)
        {
            if (!isObserving) return false;
            store.StopObserving(waitingObserver);
            return isObserving = false;
        }

        if (isLoading) return false;
        if (!isSettled && LeadsSince(settledIndex)) SeeAllSettled();
        if (waitingObserver.IsAllToSee)
        {
            waitingObserver.IsAllToSee = false;
            waiting.SeeAll();
            foreach (WaitingRequest request in waiting.ForRevisions.Where(request => !store.IsServed(request.Slot)).ToList()) Serve((WaitingRead)request);
        }

        while (waiting.FirstUpTo(store.Revision) is { } reached) Serve((WaitingRead)reached);
        if (!waiting.AreAnyToSee) return false;
        while (waiting.TakeToSee() is { } key) See(key);
        return waitingWrites.Count > 0 || reads.Count > 0;
    }

    private bool LeadsSince(ulong index) =>
        observed.Role == Role.Leader && core.Role == Role.Leader && core.Term == observed.Term && appliedIndex >= index;

    /// <summary>Up to here the log may hold writes that are asked for again, and whose answers nobody here is told: before it is applied, none is tried.</summary>
    private void UnsettledUpTo(ulong index) => (settledIndex, isSettled) = (index, false); // never beyond what this leader's log has: else it might never come

    /// <summary>Now the state here knows every fate that was open: what was carried out before is known as a repeat.</summary>
    private void SeeAllSettled()
    {
        isSettled = true;
        foreach (WaitingRequest request in waiting.InOrder)
        {
            if (request is WaitingWrite { IsTrying: false } write && store.Remembers(write.Command)) ProposeLast(write);
        }

        waiting.SeeAll();
    }

    /// <summary>Looks at those who wait for a key, in order of arrival. One write is tried at a time: what it does decides about the next.</summary>
    private void See(WaitingKey key)
    {
        bool isServed = store.IsServed(key.Slot);
        bool exists = store.TryGet(key.Slot, key.Key, out ValueRef value);
        ulong revision = exists ? value.Revision : 0;
        for (LinkedListNode<WaitingRequest>? node = key.Requests.First; node is not null;)
        {
            WaitingRequest request = node.Value;
            node = node.Next;
            if (request.IsTrying || request.IsLost) continue; // whose client has gone gives up its place in a moment
            if (!isServed) RefuseWaiting(request, NotServed);
            else if (request is WaitingRead read)
            {
                if (read.Terms.IsAnsweredBy(exists, revision)) Serve(read);
            }
            else if (key.Trying == 0 && isSettled && LeadsSince(settledIndex) && WaitingCommand.Holds(((WaitingWrite)request).Command, exists, revision))
            {
                Try((WaitingWrite)request, key);
            }
        }
    }

    private void Try(WaitingWrite request, WaitingKey key)
    {
        request.IsTrying = true;
        key.Trying++;
        request.Operation.Take(WaitingCommand.TryOf(request.Command));
        Recount(request.Operation);
        waitingWrites.Enqueue(request.Operation);
    }

    /// <summary>Told of tries that apply declined and that are followed by others; null while nobody judges that.</summary>
    internal Action<Entry>? TryDeclined { get; set; }

    /// <summary>Apply found that the condition does not hold after all: something came in between.</summary>
    private void TryFailed(WaitingWrite request, in Entry entry)
    {
        TryDeclined?.Invoke(entry);
        StopTrying(request);
        if (request.IsLost)
        {
            Refuse(request.Operation, ClientGone);
            return;
        }

        Release(request.Operation);
        if (request.UntilTick <= nowTick) ProposeLast(request);
        else if (waiting.Of(request.Key.Span) is { } key) waiting.See(key);
    }

    private void StopTrying(WaitingRequest request)
    {
        if (!request.IsTrying) return;
        request.IsTrying = false;
        if (waiting.Of(request.Key.Span) is { } key)
        {
            key.Trying--;
            waiting.See(key);
        }
    }

    /// <summary>The wait is over, or the answer stands already: from here on it is a write like any other.</summary>
    private void ProposeLast(WaitingWrite request)
    {
        request.IsLast = true;
        bool waited = request.Place is not null;
        waiting.Remove(request);
        request.Operation.Take(request.Command); // never the bytes of an earlier try: they stand in the log
        if (waited) Recount(request.Operation);
        waitingWrites.Enqueue(request.Operation);
    }

    /// <summary>Serves a read that waited: a linearizable one after a round of its own, so that its answer is as new as any.</summary>
    private void Serve(WaitingRead request)
    {
        waiting.Remove(request);
        Recount(request.Operation);
        if (request.Operation.Level == ReadLevel.Stale) ServeStale(request.Operation);
        else if (core.Role == Role.Leader) StartAtLeader(request.Operation);
        else Refuse(request.Operation, NotLeading());
    }

    private void EndWaits()
    {
        while (waiting.FirstEnded(nowTick) is { } request)
        {
            if (request.IsTrying) waiting.Postpone(request, long.MaxValue); // its fate is under way
            else if (request is WaitingWrite write) ProposeLast(write);
            else
            {
                request.IsLast = request.AwaitedRevision == 0;
                Serve((WaitingRead)request);
            }
        }
    }

    /// <summary>Nobody is let in any more: this node is about to stop.</summary>
    private void RefuseAllWaiting(Refusal why)
    {
        refusesWaiting = true;
        foreach (WaitingRequest request in waiting.InOrder.Where(request => !request.IsTrying)) RefuseWaiting(request, why);
    }

    /// <summary>Those who wait at a leader lose their place with its leadership; they were surely not applied, and look for the next leader.</summary>
    private void ParkWaiting()
    {
        foreach (WaitingRequest request in waiting.InOrder)
        {
            if (request.Operation is ReadOperation { Level: ReadLevel.Stale }) continue;
            bool isTrying = request.IsTrying;
            StopTrying(request);
            waiting.Remove(request);
            if (isTrying) continue; // it stands among the writes that wait to be proposed, and goes where they go
            Recount(request.Operation);
            Park(request.Operation);
        }
    }

    private void RefuseWaiting(WaitingRequest request, Refusal why)
    {
        waiting.Remove(request);
        Recount(request.Operation);
        Refuse(request.Operation, why);
    }

    /// <summary>A request that waited counts again among those that are carried out, and has a request's time for that.</summary>
    private void Recount(Operation operation)
    {
        Interlocked.Increment(ref queuedRequests);
        Interlocked.Add(ref queuedBytes, operation.QueuedBytes);
        if (operation is WriteOperation) Interlocked.Increment(ref queuedWrites);
        operation.DeadlineTick = nowTick + ReplicaOptions.InTicks(options.RequestTimeout);
    }

    /// <summary>A request that may have waited is decided.</summary>
    private void Decided(WaitingRequest request)
    {
        StopTrying(request);
        waiting.Remove(request);
        request.IsAnswered = true;
    }

    /// <summary>An answer is kept: repeats of it that wait here need not wait for anything else.</summary>
    private void LetRepeatsIn(WriteOperation answered)
    {
        if (waiting.Of(Command.KeyOf(answered.Command).Span) is not { } key) return;
        foreach (WaitingRequest request in key.Requests.ToList())
        {
            if (request is WaitingWrite { IsTrying: false } repeat && WaitingCommand.IsRepeat(repeat.Command, answered.Command)) ProposeLast(repeat);
        }
    }
}
