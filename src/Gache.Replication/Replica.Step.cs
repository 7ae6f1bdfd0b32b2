using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

public sealed partial class Replica
{
    [ThreadStatic]
    private static Replica? completing;

    // Applying goes on in slices, so that a long backlog never keeps ticks and heartbeats waiting.
    private const int MaxAppliedPerStep = 4_096;
    private const int ReadAheadBytes = 1 << 20;
    private const long SlowSyncTicks = 100;
    private const long StatusEveryTicks = 10;
    private const long DiskEveryTicks = 50;
    private const int MostQuietTicks = 4; // what else goes by ticks need not be finer

    /// <summary>Everything that is queued, once through the core and out again. Called by one owner at a time.</summary>
    /// <returns>True if there is more to do at once.</returns>
    private bool Step()
    {
        bool more = false;
        try
        {
            if (!hasEnded)
            {
                TakeTicks();
                TakeArrivals();
                TakeDurables();
                while (events.TryDequeue(out Action? next)) next();
                if (core.Role == Role.Leader) clock.Lead(core.Term);
                TakeJoins();
                TakeWishes();
                TakeRequests();
                if (isSnapshotDue || isCheckpointDue) LeadToCheckpoint();
                Propose();
                ProposeTime();
                core.Drain(outputs);
                Perform();
                more = Apply();
                more |= SeeWaiting();
                ServeReads();
                while (inspections.TryDequeue(out Action<bool>? look)) look(!isLoading);
                Observe();
                EndIfRemoved();
            }
            else
            {
                RefuseEverything();
                while (inspections.TryDequeue(out Action<bool>? look)) look(false);
                closed.TrySetResult();
            }
        }
        catch (Exception failure) // whatever it was: going on could answer wrongly, so the node ends
        {
            Fail(failure);
        }

        // Published before the last look at the queue: who pushes after that look sees it, and wakes the step itself.
        quietTicks = IsAnythingWaiting ? 1 : Math.Min(MostQuietTicks, core.QuietTicks);
        holdsWrites = !hasEnded && core.Role == Role.Leader && (core.IsWriting || isPacing);
        bool heldReads = holdsReads;
        holdsReads = !hasEnded && core.IsReadRoundUnderWay;
        Interlocked.MemoryBarrier();
        if ((!holdsWrites || (heldReads && !holdsReads)) && !incoming.IsEmpty) more = true;
        HandOverAnswers();
        return more;
    }

    private void TakeTicks()
    {
        // Between two ticks that matter the ticker sleeps: what passed until now counts before what has arrived now.
        int passed = Interlocked.Exchange(ref ticks, 0) + (TakePassedTicks?.Invoke() ?? 0);
        if (passed == 0) return;
        long before = nowTick;
        for (int i = 0; i < passed; i++)
        {
            Volatile.Write(ref nowTick, nowTick + 1);
            if (!members.IsMute) core.Tick();
        }

        Expire();
        LookAtBatches();
        taker.Tick(passed);
        members.Tick(nowTick);
        if (atNextTick.Count > 0)
        {
            Action[] due = [.. atNextTick];
            atNextTick.Clear();
            foreach (Action action in due) action();
        }

        sender.Tick(nowTick, core.Term, core.Role == Role.Leader);
        HandOverIfTheDiskIsSlow();
        if (core.HasCommittedInTerm) freshness.Hear(core.CommitIndex);
        freshness.Tick(nowTick);
        if (nowTick / StatusEveryTicks != before / StatusEveryTicks)
        {
            BeginSnapshotIfDue();
            if (nowTick / DiskEveryTicks != before / DiskEveryTicks) LookAtTheDisk();
            Report();
            Status = Describe();
        }
    }

    private bool IsAnythingWaiting =>
        hasEnded || isStopping || isLoading || taker.IsBusy || core.IsWriting || pending.Count > 0 || reads.Count > 0 || waitingWrites.Count > 0 || parked.Count > 0 || atNextTick.Count > 0;

    private void TakeArrivals()
    {
        while (arrivals.TryDequeue(out Arrival arrival))
        {
            Counters.MessagesReceived++;
            switch (arrival.Message)
            {
                case CoreMessage message: Take(message, arrival); break;
                case SnapshotChunk chunk: TakeChunk(chunk); break;
                case SnapshotChunkAnswer answer: sender.Take(answer, nowTick); break;
                case LostDataNotice notice: TakeNotice(notice); break;
            }
        }
    }

    private void Take(CoreMessage arrived, in Arrival arrival)
    {
        Message message = arrived.Message;
        if (message.To != identity.Node || message.From != arrival.From) return;
        if (members.IsMute || !members.MayBeHeard(message, arrival.Nonce, nowTick)) return;
        if (message.Term == core.Term || message.Kind is MessageKind.Append or MessageKind.Heartbeat) clock.Hear(arrived.StoreTimeMilliseconds);
        bool isAnswer = message.Kind is MessageKind.AppendAnswer or MessageKind.HeartbeatAnswer;
        if (isAnswer && core.Role == Role.Leader && message.Term == core.Term) TakeReport(message.From, arrived.Report);
        core.Step(message);
        if (arrived.ShardCommitIndex != 0 && core.Leader == message.From && message.Term == core.Term) freshness.Hear(arrived.ShardCommitIndex);
    }

    private void TakeDurables()
    {
        while (durables.TryDequeue(out Durable durable)) core.Durable(durable.Write, durable.LastIndex, durable.LastTerm);
        if (pendingMark.Write != 0 && core.DurableWrite >= pendingMark.Write) (durableMark, pendingMark) = (pendingMark.Index, default);
        outgoing.Release(core.DurableWrite, core.Term);
    }

    private void TakeJoins()
    {
        while (joins.TryDequeue(out (JoinRequest Request, TaskCompletionSource<JoinAnswer> Answer) join))
        {
            if (isStopping) join.Answer.SetResult(new JoinAnswer(ShuttingDown, JoinRefusal.None, ShuttingDown.Detail));
            else if (core.Role != Role.Leader) join.Answer.SetResult(new JoinAnswer(NotLeading(), JoinRefusal.None, "only the leader takes up members"));
            else if (IsOfOtherSlots(join.Request)) join.Answer.SetResult(new JoinAnswer(null, JoinRefusal.WrongShard, OtherSlots(join.Request)));
            else members.Join(join.Request, join.Answer, nowTick);
        }
    }

    /// <summary>A node with an empty folder that was told other slots than this shard has was sent here by mistake. (Slots may have moved since the
    /// command was first typed: sharing one is enough, and a shard without slots takes anybody.)</summary>
    private bool IsOfOtherSlots(JoinRequest request) =>
        request is { Slots: { Count: > 0 } wanted, Shard.IsNone: true } && !isLoading && store.ServedSlots() is { Count: > 0 } served && !served.Overlaps(wanted);

    private string OtherSlots(JoinRequest request) =>
        $"shard {identity.Shard} has slots {store.ServedSlots()}, and the joiner was started with --cluster-slot {request.Slots}";

    private void TakeRequests()
    {
        NoteQueued(0); // some may be over since, others have come whose condition holds now
        Operation? next = incoming.TakeAll();
        long oldest = next is null ? 0 : Stages.TakeQueued();
        while (next is not null)
        {
            Operation operation = next;
            next = operation.Next;
            operation.Next = null;
            if (!TryDispatch(operation)) parked.Add(operation, nowTick + ReplicaOptions.InTicks(options.LeaderWait));
        }

        NoteQueued(oldest);
    }

    /// <summary>Starts a request, or refuses it; false if it must wait for a leader.</summary>
    private bool TryDispatch(Operation operation)
    {
        if (isStopping) Refuse(operation, ShuttingDown);
        else if (members.NotServing is { } why) Refuse(operation, why);
        else if (operation is ReadOperation { Level: ReadLevel.Stale } stale) ServeStale(stale);
        else if (core.Role == Role.Leader) StartAtLeader(operation);
        else if (core.IsLeaderHeard && LeaderApi is not null) Refuse(operation, NotLeading());
        else return false;
        return true;
    }

    private void StartAtLeader(Operation operation)
    {
        if (operation is RoundOperation read)
        {
            read.Round = core.RequestRead();
            reads.Register(read);
            return;
        }

        if (operation.Waiting is WaitingWrite { IsLast: false } request) StartWaiting(request);
        else waitingWrites.Enqueue((WriteOperation)operation);
    }

    /// <summary>What waits becomes one batch: one log write, one sync, one message a follower. The next waits for that sync.</summary>
    private void Propose()
    {
        if (waitingWrites.Count == 0 || core.Role != Role.Leader || core.IsWriting || isPacing || taker.IsFull || isLoading || HoldsProposals) return;
        long arrivedAt = waitingSince.Oldest;
        ulong time = clock.Now();
        long bytes = 0;
        int count = 0;
        for (int i = 0; i < options.MaxBatchEntries && bytes < options.MaxBatchBytes && core.TakesProposals; i++)
        {
            if (!waitingWrites.TryDequeue(out WriteOperation? operation)) break;
            if (operation.Waiting is { IsLost: true })
            {
                Refuse(operation, ClientGone);
                continue;
            }

            if (operation.NeedsSpace && NoSpaceFor(operation.Command) is { } refusal)
            {
                Refuse(operation, refusal);
                continue;
            }

            if (IsIdempotencyFull(operation))
            {
                Refuse(operation, IdempotencyFull);
                continue;
            }

            Invariant.Holds(operation.Index == 0, $"the bytes of entry {operation.Index} would be proposed once more, and change where they stand");
            Command.StampTime(operation.Command, time);
            operation.Index = core.Propose(operation.Command);
            operation.Term = core.Term;
            bytes += operation.QueuedBytes;
            pending.Add(operation);
            count++;
        }

        if (count > 0) NoteBatch(arrivedAt, count, bytes);
        waitingSince.Note(waitingWrites.Count, 0); // only fewer than before
        pacer.Taken(waitingWrites.Count);
        lastBatch = count;
        Counters.Proposals += count;
    }

    private void Perform()
    {
        if (outputs.WriteNumber != 0)
        {
            Counters.LogWrites++;
            if (outputs.Snapshot is { } mark) pendingMark = (outputs.WriteNumber, mark.Index);
            submit(new LogWrite
            {
                Number = outputs.WriteNumber, HardState = outputs.HardState, Snapshot = outputs.Snapshot, Entries = outputs.Entries,
            });
        }

        if (core.Role == Role.Leader) (outgoing.StoreTimeMilliseconds, outgoing.ShardCommitIndex) = (clock.Now(), core.HasCommittedInTerm ? core.CommitIndex : 0);
        if (members.IsMute) outputs.Messages.Clear();
        foreach (Message message in outputs.Messages) outgoing.Add(message, core.DurableWrite);
        foreach (ConfirmedReads confirmed in outputs.Reads)
        {
            Counters.ReadRounds++;
            reads.Confirm(confirmed);
        }

        foreach (Fetch fetch in outputs.Fetches) ReadForFollower(fetch);
        foreach (NodeId follower in outputs.SnapshotsWanted) SendSnapshot(follower);
    }

    private bool Apply()
    {
        if (isLoading) return false;
        ulong limit = core.ApplyLimit;
        long began = appliedIndex < limit ? NoteCommitted(Math.Min(limit, appliedIndex + MaxAppliedPerStep)) : 0;
        int left = MaxAppliedPerStep;
        while (appliedIndex < limit && left > 0)
        {
            for (ulong index = appliedIndex + 1; index <= limit && left > 0 && !toApply.IsFull; index++, left--) toApply.Add(EntryToApply(index, limit));
            if (toApply.Entries.Length > 1) store.Expect(toApply.Keys);
            foreach (Entry entry in toApply.Entries) Apply(entry);
            toApply.Clear();
        }

        if (began != 0) NoteApplied(began);
        core.Applied(appliedIndex);
        clock.Hear(store.StoreTimeMilliseconds);
        History.Signal(handOver);
        bytesSinceDiskLook += taker.Pump(core.Role == Role.Leader, isUrgent: isOwnSpaceLow);
        if (bytesSinceDiskLook > DiskLookBytes) LookAtTheDisk();
        members.Applied(appliedIndex);
        return appliedIndex < limit;
    }

    private void Apply(in Entry entry)
    {
        ApplyResult result = default;
        if (entry.Kind == EntryKind.Command) result = store.Apply(entry.Index, entry.Payload.Span);
        else store.ApplyNothing(entry.Index);
        appliedIndex = entry.Index;
        Counters.Applied++;
        kept.Add(entry.Index, entry.Weight);
        taker.Applied(entry.Weight);
        bytesSinceDiskLook += entry.Weight;
        bytesSinceCheckpoint += entry.Weight;
        if (checksums.IsPoint(entry.Index)) NoteChecksum(entry.Index);
        Answer(entry, result);
    }

    private Entry EntryToApply(ulong index, ulong limit)
    {
        if (core.TryGetCached(index, out Entry cached)) return cached;

        // Not in memory: only after a start, or when this replica fell far behind itself.
        if (readAhead.Count == 0 || readAhead[0].Index > index || readAhead[^1].Index < index)
        {
            readAhead.Clear();
            bool isThere = log.TryRead(index, limit, ReadAheadBytes, readAhead);
            Invariant.Holds(isThere && readAhead.Count > 0 && readAhead[0].Index == index, $"entry {index} is committed, and the log does not have it");
        }

        Entry entry = readAhead[(int)(index - readAhead[0].Index)];
        Invariant.Holds(entry.Term == core.TermAt(index), $"the log has entry {index} of term {entry.Term}, the core knows term {core.TermAt(index)}");
        if (entry.Index == readAhead[^1].Index) readAhead.Clear();
        return entry;
    }

    private void Answer(in Entry entry, ApplyResult result)
    {
        if (pending.Take(entry.Index) is not { } operation) return;
        if (operation.Waiting is WaitingWrite { IsLast: false } tried && operation.Term == entry.Term && result.Status == ApplyStatus.ConditionFailed
            && !(operation.IsKeyed && store.Remembers(operation.Command))) // an answer that was kept is the last one
        {
            TryFailed(tried, entry);
            return;
        }

        if (operation.Term != entry.Term) operation.Refuse(Superseded(entry)); // a committed entry of another term stands there (P11)
        else if (result.Status is ApplyStatus.NotServed or ApplyStatus.Outdated) operation.Refuse(result.Status == ApplyStatus.NotServed ? NotServed : Outdated); // apply itself refused it (P11)
        else operation.Answer(result);
        if (operation.Waiting is { } request) Decided(request);
        if (waiting.Count > 0 && operation.IsKeyed && operation.Term == entry.Term && store.Remembers(operation.Command)) LetRepeatsIn(operation);
        Give(operation);
    }

    private void ServeReads()
    {
        for (int expected = 0; ; expected--)
        {
            if (expected <= 0 && !isLoading) expected = ExpectReads();
            if (reads.TakeServable(appliedIndex) is not { } read) return;
            if (isLoading) Refuse(read, Loading);
            else if (read is ReadOperation ofKey) Serve(ofKey);
            else Look((InspectOperation)read);
        }
    }

    /// <summary>Lets the store expect those that are served next.</summary>
    /// <returns>How many these are.</returns>
    private int ExpectReads()
    {
        int count = reads.PeekServable(appliedIndex, keysToRead);
        if (count > 1) store.Expect(keysToRead.AsSpan(0, count));
        return count;
    }

    private void Look(InspectOperation inspection)
    {
        inspection.Look(store);
        Give(inspection);
    }

    private void ServeStale(ReadOperation read)
    {
        if (isLoading) Refuse(read, Loading);
        else if (startsEmpty && !HasCaughtUp()) Refuse(read, CatchingUp); // an empty store would deny every key of the shard
        else Serve(read);
    }

    private void Serve(ReadOperation read)
    {
        // What the state at the read's index says of the slot is what counts: no view of the cluster does (P9).
        int slot = Slot.Of(read.Key.Span);
        if (!store.IsServed(slot))
        {
            Refuse(read, NotServed);
            return;
        }

        if (read.Waiting is WaitingRead request && !MayBeServed(request)) return;
        if (read.Waiting is { } waited) Decided(waited);
        read.Serve(store, slot, storeTime);
        Counters.Reads++;
        Give(read);
    }

    private void Refuse(Operation operation, Refusal refusal)
    {
        operation.Refuse(refusal);
        if (operation.Waiting is { } request) Decided(request);
        Counters.Refusals++;
        Give(operation);
    }

    private void Expire()
    {
        while (pending.TakeExpired(nowTick) is { } operation)
        {
            if (operation.IsKeyed) UnsettledUpTo(operation.Index);
            Refuse(operation, TimedOut);
        }

        while (reads.TakeExpired(nowTick) is { } read) Refuse(read, NoQuorum);
        while (waitingWrites.TryPeek(out WriteOperation? write) && write.DeadlineTick <= nowTick) Refuse(waitingWrites.Dequeue(), DeadlineInQueue);
        while (parked.TakeExpired(nowTick) is { } operation) Refuse(operation, NoLeader);
        if (waiting.Count > 0) EndWaits();
    }

    /// <summary>Sees what changed in this step, and what follows from it.</summary>
    private void Observe()
    {
        if (core.ConfigurationIndex != observedConfiguration)
        {
            observedConfiguration = core.ConfigurationIndex;
            members.ConfigurationChanged();
        }

        (Role Role, ulong Term, NodeId Leader) now = (core.Role, core.Term, core.Leader);
        if (now == observed)
        {
            if (parked.Count > 0 && (now.Role == Role.Leader || core.IsLeaderHeard)) DispatchParked();
            return;
        }

        bool wasLeader = observed.Role == Role.Leader && (now.Role != Role.Leader || now.Term != observed.Term);
        if (wasLeader) LoseLeadership();
        if (now.Role == Role.Leader && (observed.Role != Role.Leader || now.Term != observed.Term)) TakeLeadership();
        if (now.Leader != observed.Leader)
        {
            Counters.LeaderChanges++;
            if (!now.Leader.IsNone && now.Role != Role.Leader) logger.FollowsLeader(now.Leader, now.Term);
        }

        observed = now;
        DispatchParked();
        Status = Describe();
    }

    private void TakeLeadership()
    {
        leadingSinceTick = nowTick;
        UnsettledUpTo(core.LastIndex);
        timeIndex = 0;
        checksums.ForgetReports();
        members.StartLeading();
        Counters.ElectionsWon++;
        logger.ElectedLeader(core.Term, core.VotesGranted, core.Configuration.Voters.Length, core.LastIndex);
    }

    /// <summary>Nothing that was proposed may be called "not applied" now: another voter may hold it, and win (P11).</summary>
    private void LoseLeadership()
    {
        logger.LostLeadership(observed.Term, core.Term);
        while (pending.TakeAny() is { } operation)
        {
            bool isTruncated = core.TermAt(operation.Index) != operation.Term;
            Refuse(operation, isTruncated && Planted.Is(PlantedFault.NotAppliedOnTruncation) ? Truncated : LeadershipLost);
        }

        isSettled = false;
        ParkWaiting();

        // These were never proposed, and reads have no effect: they may look for the next leader.
        while (waitingWrites.TryDequeue(out WriteOperation? write)) Park(write);
        while (reads.TakeUnconfirmed() is { } read) Park(read);
        ForgetBatches();
        sender.Stop();
        members.StopLeading(NotLeading());
    }

    private void Park(Operation operation) => parked.Add(operation, Math.Min(operation.DeadlineTick, nowTick + ReplicaOptions.InTicks(options.LeaderWait)));

    private void DispatchParked()
    {
        foreach ((Operation operation, long untilTick) in parked.TakeAll())
        {
            if (!TryDispatch(operation)) parked.Add(operation, untilTick);
        }
    }

    /// <summary>A leader whose sync hangs hands over: its heartbeats need no disk, so nobody else would notice.</summary>
    private void HandOverIfTheDiskIsSlow()
    {
        if (!core.IsWriting || core.DurableWrite != busyWrite)
        {
            busyWrite = core.DurableWrite;
            busySinceTick = nowTick;
            return;
        }

        if (core.Role != Role.Leader || nowTick - busySinceTick < SlowSyncTicks) return;
        if (core.TransferLeadership()) logger.HandsOverSlowDisk(nowTick - busySinceTick);
    }

    private void Give(Operation operation)
    {
        answers.Add(operation);
        answersQueued = answersQueued.With(operation);
    }

    private void HandOverAnswers()
    {
        (long AppliedAt, long ArrivedAt) ofBatch = answersOfBatch;
        answersOfBatch = default;
        if (answers.Count == 0) return;
        given.Enqueue(new GivenAnswers(answers, answersQueued, ofBatch.AppliedAt, ofBatch.ArrivedAt));
        answersQueued = default;
        answers = Interlocked.Exchange(ref spareAnswers, null) ?? [];
    }

    /// <summary>Runs the code that waits for the answers; called after the step has been left.</summary>
    private void Complete()
    {
        // What an answer lets run may ask again at once and end up here: the outer call answers that too, so that the stack stays flat.
        if (completing == this) return;
        completing = this;
        while (true)
        {
            if (given.TryDequeue(out GivenAnswers ready))
            {
                Release(ready.Queued);
                foreach (Operation operation in ready.Answers) operation.Complete();
                if (ready.ArrivedAt != 0) NoteAnswered(ready);
                ready.Answers.Clear();
                spareAnswers = ready.Answers;
            }
            else if (afterStep.TryDequeue(out Action? tell)) tell();
            else break;
        }

        completing = null;
    }
}
