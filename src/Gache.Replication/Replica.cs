using System.Collections.Concurrent;
using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Replication;

/// <summary>What a replica is made of. Everything that touches the world is handed in.</summary>
public sealed record ReplicaParts
{
    /// <summary>This node, as it is known in its shard.</summary>
    public required PeerIdentity Identity { get; init; }

    /// <summary>The consensus core, started from what the log recovered.</summary>
    public required RaftCore Core { get; init; }

    /// <summary>The log, for reads; writes go through <see cref="Submit"/>.</summary>
    public required WriteAheadLog Log { get; init; }

    /// <summary>Hands a write to the log and wakes its writer, which answers with <see cref="Replica.LogCompleted"/>.</summary>
    public required Action<LogWrite> Submit { get; init; }

    /// <summary>The store, loaded from the snapshot that the core starts from.</summary>
    public required KeyValueStore Store { get; init; }

    /// <summary>Where snapshots are kept.</summary>
    public required SnapshotFolder Snapshots { get; init; }

    /// <summary>The length of the snapshot that the store was loaded from, in bytes; 0 if there is none. The next one is expected to be as long.</summary>
    public required long SnapshotBytes { get; init; }

    /// <summary>The way to the other members.</summary>
    public required ITransport Transport { get; init; }

    /// <summary>Where work waits for the disk.</summary>
    public required IBackground Background { get; init; }

    /// <summary>Monotonic time, for the store's clock and for what is measured.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Makes the file for the older part of the history of changes; null: all of it stays in memory.</summary>
    public Func<IFile>? CreateHistoryFile { get; init; }

    /// <summary>Free bytes on the data folder's disk.</summary>
    public required Func<long> FreeDiskBytes { get; init; }

    /// <summary>Where events are told.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>Bounds and times.</summary>
    public required ReplicaOptions Options { get; init; }

    /// <summary>Runs the step's next rounds on another thread, when its owner has run many and has a request of its own to answer.</summary>
    public Action<Action> HandOver { get; init; } = static run => ThreadPool.UnsafeQueueUserWorkItem(static r => r(), run, preferLocal: false);

    /// <summary>Writes durably that this member lost data and must stay silent, as it was told in this term (P7).</summary>
    public Action<ulong> RememberMute { get; init; } = static _ => { };

    /// <summary>The term in which that was told, if it was; else 0.</summary>
    public ulong MuteSinceTerm { get; init; }

    /// <summary>The node must end (or begin anew as another): called once, from the step.</summary>
    public required Action<NodeEnd> End { get; init; }
}

/// <summary>One replica of a shard: the loop that drives core, log, store and transport, one owner at a time.</summary>
/// <remarks>
/// Any thread queues (requests, messages, ticks, completions) and then signals; whoever finds the step free runs it for all that is queued.
/// Answers are given after the step has been left, on the same thread, so a request's code must never block.
/// </remarks>
public sealed partial class Replica : ITransportEvents
{
    private readonly PeerIdentity identity;
    private readonly RaftCore core;
    private readonly WriteAheadLog log;
    private readonly Action<LogWrite> submit;
    private readonly KeyValueStore store;
    private readonly ITransport transport;
    private readonly IBackground background;
    private readonly ILogger logger;
    private readonly ReplicaOptions options;
    private readonly Action<NodeEnd> end;
    private readonly Func<long> freeDiskBytes;
    private readonly SnapshotFolder snapshots;
    private readonly Action<Action> handOver;

    private readonly StepGuard guard;
    private readonly OperationQueue incoming = new();
    private readonly ConcurrentQueue<Arrival> arrivals = new();
    private readonly ConcurrentQueue<Durable> durables = new();
    private readonly ConcurrentQueue<Action> events = new();
    private readonly ConcurrentQueue<Action<bool>> inspections = new();
    private readonly ConcurrentQueue<Action> afterStep = new(); // whoever waits for these may ask at once again
    private readonly ConcurrentQueue<(JoinRequest Request, TaskCompletionSource<JoinAnswer> Answer)> joins = new();
    private readonly TaskCompletionSource closed = new();
    private readonly Action<ulong> rememberMute;
    private int ticks;
    private volatile int quietTicks = 1;
    private int queuedRequests;
    private int queuedWrites; // of those
    private long queuedBytes;
    private volatile bool holdsWrites; // a sync is running: a queued write need not wake anybody, its end will
    private volatile bool holdsReads; // a round is under way: a queued read need not wake anybody, its end, or a tick, will
    private volatile bool isPacing;
    private volatile bool hasEnded;
    private volatile int lastBatch;
    private readonly Pacer pacer = new();
    private readonly QueueBound writesBound;

    // Owned by the step.
    private readonly Outputs outputs = new();
    private readonly OutgoingMessages outgoing;
    private readonly PendingProposals pending = new();
    private readonly PendingReads reads = new();
    private readonly Queue<WriteOperation> waitingWrites = new();
    private readonly ParkedOperations parked = new();
    private readonly ChecksumLedger checksums;
    private readonly StoreClock clock;
    private readonly Func<ulong> storeTime; // as exactly as it is known here
    private readonly SnapshotTaker taker;
    private readonly SnapshotSender sender;
    private readonly SnapshotIntake intake;
    private readonly MemberKeeper members;
    private readonly List<Entry> readAhead = [];
    private readonly ApplyGroup toApply = new();
    private readonly ReadOnlyMemory<byte>[] keysToRead = new ReadOnlyMemory<byte>[KeyValueStore.MaxExpected];
    private readonly List<Action> atNextTick = [];
    private readonly ConcurrentQueue<GivenAnswers> given = new(); // decided, to be told outside the step
    private List<Operation> answers = [];
    private Queued answersQueued; // what those counted in the queue's bounds
    private List<Operation>? spareAnswers;
    private long nowTick;
    private ulong appliedIndex;
    private bool isLoading;      // the store is being replaced by a snapshot: nothing is read from it
    private bool isStopping;
    private ulong busyWrite;
    private long busySinceTick;
    private (Role Role, ulong Term, NodeId Leader) observed;
    private ulong observedConfiguration = ulong.MaxValue;

    /// <summary>Makes a replica; nothing happens before the first input.</summary>
    public Replica(ReplicaParts parts)
    {
        identity = parts.Identity;
        (core, log, submit, store, transport) = (parts.Core, parts.Log, parts.Submit, parts.Store, parts.Transport);
        (background, logger, options, end, freeDiskBytes) = (parts.Background, parts.Logger, parts.Options, parts.End, parts.FreeDiskBytes);
        snapshots = parts.Snapshots;
        rememberMute = parts.RememberMute;
        handOver = parts.HandOver;
        long historyBytes = Math.Min(options.HistoryBytes, options.MaxStoreBytes / ChangeHistory.ShareOfMemory);
        HistoryFile? historyFile = parts.CreateHistoryFile is { } create ? new HistoryFile(create, background, historyBytes, e => logger.HistoryFileFailed(e.Message)) : null;
        History = new ChangeHistory(store, identity.Node, identity.Nonce, historyBytes, options.MaxStoreBytes, historyFile);
        store.Observe(History);
        guard = new StepGuard(Step, Complete, parts.HandOver);
        kept = new KeptEntries(options.KeptSampleEvery);
        outgoing = new OutgoingMessages(transport, Counters);
        waiting = new WaitingRequests(options.MaxWaitingRequests, options.MaxWaitingBytes);
        waitingObserver = new WaitingObserver(waiting);
        checksums = new ChecksumLedger(options.ChecksumEvery);
        writesBound = new QueueBound(
            (options.LeastQueuedRequests, options.MaxQueuedRequests), (2 * options.MaxBatchBytes, options.MaxQueuedBytes), options.LongestQueueWait);
        clock = new StoreClock(parts.Time);
        Stages = new StageTimes(parts.Time);
        storeTime = () => core.Role == Role.Leader ? clock.Now() : clock.HeardMilliseconds;
        taker = new SnapshotTaker(parts.Snapshots, background, Post) { LastSizeBytes = parts.SnapshotBytes };
        sender = new SnapshotSender(parts.Snapshots, background, transport, Post, identity.Node);
        intake = new SnapshotIntake(parts.Snapshots, background, freeDiskBytes, Post);
        members = new MemberKeeper(core, transport, identity, logger, Post, () => isLoading ? new SlotSet() : store.ServedSlots());
        appliedIndex = store.AppliedIndex;
        startsEmpty = appliedIndex == 0;
        core.Applied(appliedIndex);
        durableMark = Math.Min(core.SnapshotIndex, appliedIndex); // an earlier one was loaded if the newest is damaged: then that one counts
        clock.Hear(store.StoreTimeMilliseconds);
        NoteLoadedState();
        taker.Taken = SnapshotTaken;
        taker.GivenUp = SnapshotGivenUp;
        sender.Ended = (follower, how) =>
        {
            if (how != TransferEnd.Whole) RetrySnapshot(follower, nowTick + (how == TransferEnd.Refused ? RefusedSnapshotTicks : SnapshotRetryTicks));
        };
        intake.Answered = AnswerChunk;
        intake.NoRoom = MakeRoomFor;
        intake.Received = SnapshotReceived;
        if (parts.MuteSinceTerm != 0) members.BecomeMute(parts.MuteSinceTerm);
        observed = (core.Role, core.Term, core.Leader);
        memoryBoundBytes = options.MaxStoreBytes;
        Status = Describe();
    }

    /// <summary>The last index applied, for those who watch every step.</summary>
    internal ulong AppliedIndex => appliedIndex;

    /// <summary>True while the store is being replaced by a snapshot.</summary>
    internal bool IsLoading => isLoading;

    /// <summary>The last changes that were applied here, for watches.</summary>
    public ChangeHistory History { get; }

    /// <summary>What is counted.</summary>
    public ReplicaCounters Counters { get; } = new();

    /// <summary>How long the stages of writes take.</summary>
    public StageTimes Stages { get; }

    /// <summary>A picture of the replica; replaced within 100 ms of a change, at once when leadership changes.</summary>
    public ReplicaStatus Status { get; private set; }

    /// <summary>Whether a write would be refused now because too much waits here; any thread may ask, before it takes a body in.</summary>
    public bool IsFull => Volatile.Read(ref queuedWrites) >= writesBound.Requests || Volatile.Read(ref queuedBytes) >= writesBound.Bytes
        || Volatile.Read(ref queuedRequests) >= options.MaxQueuedRequests;

    /// <summary>Proposes a command and waits until it is committed and applied here.</summary>
    /// <param name="command">Encoded by <see cref="Command"/>; the replica owns it from now on.</param>
    /// <returns>The result or a refusal. It completes on the thread that ran the step: do not block after awaiting it.</returns>
    public ValueTask<WriteAnswer> WriteAsync(byte[] command)
    {
        WriteOperation operation = WriteOperation.Rent(command, Command.NeedsSpace(command));
        ValueTask<WriteAnswer> answer = operation.AsValueTask();
        if (!Enqueue(operation)) return answer;
        pacer.Arrived();
        if (!holdsWrites) guard.Signal();
        return answer;
    }

    /// <summary>Reads a key.</summary>
    /// <param name="key">1 to 2,048 bytes; not changed until the answer is there.</param>
    /// <param name="level">What the read promises.</param>
    /// <returns>The answer; dispose it when the value has been sent. It completes on the thread that ran the step.</returns>
    public ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadLevel level)
    {
        ReadOperation operation = ReadOperation.Rent(key, level);
        ValueTask<ReadAnswer> answer = operation.AsValueTask();
        if (Enqueue(operation) && !(holdsReads && level == ReadLevel.Linearizable)) guard.Signal();
        return answer;
    }

    /// <summary>A slot's phase in the state applied here. Any thread may ask, and may be told what was true a moment ago: a hint where to
    /// send a request, while the request itself is judged by the state at its own index.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public SlotPhase SlotPhaseOf(int slot) => store.PhaseOf(slot);

    /// <summary>Rises whenever a slot's state changes here; any thread may ask.</summary>
    public long SlotsVersion => store.SlotsVersion;

    /// <summary>Looks at the applied state, as its owner: at most half a millisecond of work.</summary>
    /// <typeparam name="T">What is wanted of it.</typeparam>
    /// <param name="look">Runs in the step; keeps no reference to the store.</param>
    /// <returns>What it returned; it completes after the step. Cancelled while a snapshot is loaded and once the replica has ended.</returns>
    public Task<T> InspectAsync<T>(Func<KeyValueStore, T> look)
    {
        var answer = new TaskCompletionSource<T>();
        inspections.Enqueue(mayLook =>
        {
            if (mayLook)
            {
                T seen = look(store);
                afterStep.Enqueue(() => answer.TrySetResult(seen));
            }
            else
            {
                afterStep.Enqueue(() => answer.TrySetCanceled());
            }
        });
        guard.Signal();
        return answer.Task;
    }

    /// <summary>Looks at a state that holds all that was acknowledged before this was asked, as a linearizable read does (P6): only a leader that a
    /// quorum confirms answers.</summary>
    /// <typeparam name="T">What is wanted of it.</typeparam>
    /// <param name="look">Runs in the step, at most half a millisecond; keeps no reference to the store.</param>
    /// <param name="continuesInline">Whether what awaits it goes on where a read's would: then it must not block.</param>
    /// <returns>What it returned, or the refusal that a read would get.</returns>
    public Task<Inspected<T>> InspectLatestAsync<T>(Func<KeyValueStore, T> look, bool continuesInline = false)
    {
        var operation = new InspectOperation<T>(look, continuesInline);
        if (Enqueue(operation)) guard.Signal();
        return operation.Answer;
    }

    /// <summary>Takes up a join, or a member's changed address.</summary>
    public Task<JoinAnswer> JoinAsync(JoinRequest request)
    {
        var answer = new TaskCompletionSource<JoinAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        joins.Enqueue((request, answer));
        guard.Signal();
        return answer.Task;
    }

    /// <summary>One tick (10 ms) passed.</summary>
    public void Tick() => Tick(1);

    /// <summary>So many ticks (of 10 ms) passed.</summary>
    public void Tick(int passed)
    {
        Interlocked.Add(ref ticks, passed);
        guard.Signal();
    }

    /// <summary>For how many ticks nothing is due by time alone: whoever ticks may sleep so long. Any thread may ask.</summary>
    internal int QuietTicks => quietTicks;

    /// <summary>Takes the ticks that have passed and were not told yet; null where every tick is told when it passes.</summary>
    internal Func<int>? TakePassedTicks { get; set; }

    /// <summary>The log's writer: a write is durable.</summary>
    public void LogCompleted(Durable durable)
    {
        durables.Enqueue(durable);
        guard.Signal();
    }

    /// <summary>The same, on the log writer's own thread, which then waits for the next batch to gather: clients that were just answered come
    /// back together, and one sync for all of them is worth a short wait. One alone never waits.</summary>
    public void LogCompletedPaced(Durable durable)
    {
        isPacing = true;
        LogCompleted(durable);
        pacer.Wait(enough: lastBatch * 7 / 8, LongestPace);
        isPacing = false;
        guard.Signal();
    }

    /// <summary>The log's writer: a write or sync failed; nothing is acknowledged any more (P3).</summary>
    public void LogFailed(Exception failure) => Post(() => Fail(failure));

    /// <inheritdoc/>
    public void MessageArrived(PeerMessage message, NodeId from, ulong senderNonce)
    {
        // Bounded (P10): whatever is dropped here, Raft repairs.
        if (arrivals.Count >= MaxArrivals) return;
        arrivals.Enqueue(new Arrival(message, from, senderNonce));
        guard.Signal();
    }

    /// <inheritdoc/>
    public void PeerConnected(NodeId peer) => Post(() =>
    {
        connectedPeers.Add(peer);
        core.PeerConnected(peer);
    });

    /// <inheritdoc/>
    public void PeerDisconnected(NodeId peer) => Post(() =>
    {
        connectedPeers.Remove(peer);
        core.PeerDisconnected(peer);
    });

    /// <inheritdoc/>
    public string? Judge(PeerIdentity dialler, NodeId expectedReceiver)
    {
        if (expectedReceiver != identity.Node)
        {
            if (dialler.Cluster == identity.Cluster && dialler.Shard == identity.Shard) Post(() => members.MeetMistaken(dialler));
            return $"node {expectedReceiver} is not at {identity.RaftAddress}: node {identity.Node} of shard {identity.Shard} is";
        }

        if (dialler.Cluster != identity.Cluster)
            return $"node {dialler.Node} belongs to cluster {dialler.Cluster}, this node to cluster {identity.Cluster}";
        if (dialler.Shard != identity.Shard)
            return $"node {dialler.Node} belongs to shard {dialler.Shard}, this node to shard {identity.Shard}";
        Post(() => members.Meet(dialler));
        return null;
    }

    /// <summary>Runs something in the step, as its owner.</summary>
    internal void Post(Action action)
    {
        events.Enqueue(action);
        guard.Signal();
    }

    private bool Enqueue(Operation operation)
    {
        operation.DeadlineTick = Volatile.Read(ref nowTick) + ReplicaOptions.InTicks(options.RequestTimeout);
        int count = Interlocked.Increment(ref queuedRequests);
        long bytes = Interlocked.Add(ref queuedBytes, operation.QueuedBytes);
        bool isWrite = operation is WriteOperation; // reads wait for no disk
        bool fits = count <= options.MaxQueuedRequests && bytes <= options.MaxQueuedBytes;
        if (isWrite) fits &= Interlocked.Increment(ref queuedWrites) <= writesBound.Requests && bytes - operation.QueuedBytes < writesBound.Bytes;
        if (fits && !hasEnded)
        {
            if (isWrite) Stages.WillQueue();
            incoming.Push(operation);
            return true;
        }

        operation.Refuse(hasEnded ? ShuttingDown : Refusal.QueueIsFull);
        Release(operation);
        operation.Complete();
        return false;
    }

    private void Release(Operation operation) => Release(default(Queued).With(operation));

    // For all that were answered together at once: those who queue want the same cache line.
    private void Release(Queued gone)
    {
        Interlocked.Add(ref queuedRequests, -gone.Requests);
        if (gone.Bytes != 0) Interlocked.Add(ref queuedBytes, -gone.Bytes);
        if (gone.Writes != 0) Interlocked.Add(ref queuedWrites, -gone.Writes);
    }

    /// <summary>What requests count in the queue's bounds.</summary>
    private readonly record struct Queued(int Requests, int Writes, long Bytes)
    {
        public Queued With(Operation operation) =>
            new(Requests + 1, operation is WriteOperation ? Writes + 1 : Writes, Bytes + operation.QueuedBytes);
    }

    private readonly record struct Arrival(PeerMessage Message, NodeId From, ulong Nonce);

    private const int MaxArrivals = 8_192;
    private static readonly TimeSpan LongestPace = TimeSpan.FromMilliseconds(1);
}
