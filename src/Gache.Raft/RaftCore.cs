using Gache.Primitives;

namespace Gache.Raft;

/// <summary>What a node is in its shard's consensus.</summary>
public enum Role
{
    /// <summary>Takes entries from a leader.</summary>
    Follower,

    /// <summary>Asks whether it would win, and has changed nobody's term (thesis §9.6).</summary>
    PreCandidate,

    /// <summary>Asks for votes in a new term.</summary>
    Candidate,

    /// <summary>Appends, sends, commits.</summary>
    Leader,
}

/// <summary>What a node starts from: nothing, or what its log recovered.</summary>
public sealed record CoreStart
{
    /// <summary>The hard state.</summary>
    public HardState HardState { get; init; }

    /// <summary>The snapshot that the log goes on from; null if it holds everything from index 1.</summary>
    public SnapshotMark? Snapshot { get; init; }

    /// <summary>The index before the first entry that the log holds: at most the snapshot's, as some entries are kept before it.</summary>
    public ulong BaseIndex { get; init; }

    /// <summary>The term at <see cref="BaseIndex"/>; 0 if it is 0.</summary>
    public ulong BaseTerm { get; init; }

    /// <summary>The last index held.</summary>
    public ulong LastIndex { get; init; }

    /// <summary>The terms of the entries held, as runs.</summary>
    public IReadOnlyList<(ulong FirstIndex, ulong Term)> Terms { get; init; } = [];

    /// <summary>The configuration entries held after the snapshot, in order.</summary>
    public IReadOnlyList<Entry> Configurations { get; init; } = [];

    /// <summary>The highest write number that the log may have seen; the core goes on after it.</summary>
    public ulong LastWrite { get; init; }
}

/// <summary>
/// The consensus core of one replica: a deterministic state machine. In: messages, ticks, proposals, "write n is durable".
/// Out (by <see cref="Drain"/>): what to make durable, messages, confirmed reads. It does no I/O and knows no clock; randomness is handed in.
/// </summary>
/// <remarks>
/// Ongaro's thesis (2014) with what etcd's raft learnt: pre-vote, stickiness and check-quorum, pipelined appends, fast back-up, learners,
/// joint consensus, leadership transfer. Not thread-safe: one owner at a time.
/// </remarks>
public sealed partial class RaftCore
{
    private readonly NodeId id;
    private readonly RaftOptions options;
    private readonly Random random;
    private readonly EntryLog log;
    private readonly ConfigurationHistory configurations = new();
    private readonly VoteTally tally = new();
    private readonly List<Message> messages = [];
    private readonly List<ConfirmedReads> confirmedReads = [];

    private ulong term;
    private NodeId vote;
    private NodeId leader;
    private Role role;

    private ulong commitIndex;

    // What is in our own stable storage, and what stands between us and it.
    private ulong durableIndex;
    private ulong durableWrite;
    private ulong lastWrite;
    private ulong persistFrom;
    private ulong hardStateWrite;
    private bool isHardStateDirty;
    private SnapshotMark? snapshotToPersist;
    private ulong replacingWrite; // the latest write that truncated or replaced the log …
    private ulong keptIndex;      // … and up to where earlier writes still speak of today's entries
    private ulong unwrittenReplacement; // 1 + the lowest kept index of a replacement that is not in any write yet; 0 if none

    private int electionTicks;  // since the last reason to wait
    private int electionTimeoutTicks;
    private int silentTicks;    // since the leader was heard

    /// <summary>Makes a core that starts as a follower.</summary>
    /// <param name="id">This node.</param>
    /// <param name="start">What its log holds.</param>
    /// <param name="options">Bounds and times.</param>
    /// <param name="random">For election timeouts only.</param>
    public RaftCore(NodeId id, CoreStart start, RaftOptions options, Random random)
    {
        this.id = id;
        this.options = options;
        this.random = random;
        log = new EntryLog(options.MaxCacheBytes);
        (term, vote) = (start.HardState.Term, start.HardState.Vote);
        log.Load(start.BaseIndex, start.BaseTerm, start.LastIndex, start.Terms);
        if (start.Snapshot is { } snapshot)
        {
            configurations.Restart(snapshot.Index, snapshot.Configuration);
            SnapshotIndex = commitIndex = snapshot.Index;
        }

        foreach (Entry entry in start.Configurations)
        {
            if (entry.Index > SnapshotIndex) configurations.Add(entry.Index, Configuration.Decode(entry.Payload.Span));
        }

        lastWrite = durableWrite = start.LastWrite;
        durableIndex = log.LastIndex;
        persistFrom = log.LastIndex + 1;
        silentTicks = options.MaxElectionTicks; // nobody was heard yet
        ResetElectionTimer();
        if (configurations.Latest is { IsJoint: false, Voters: [NodeId lone] } && lone == id) electionTimeoutTicks = 0; // nobody to wait for
    }

    /// <summary>This node.</summary>
    public NodeId Id => id;

    /// <summary>The present term.</summary>
    public ulong Term => term;

    /// <summary>The present role.</summary>
    public Role Role => role;

    /// <summary>The leader of the present term, as far as known, or none.</summary>
    public NodeId Leader => leader;

    /// <summary>The highest index known to be committed.</summary>
    public ulong CommitIndex => commitIndex;

    /// <summary>The highest index that may be applied: committed, and in the own synced log (P2).</summary>
    public ulong ApplyLimit => Math.Min(commitIndex, durableIndex);

    /// <summary>The last index in the own stable storage.</summary>
    public ulong DurableIndex => durableIndex;

    /// <summary>The highest write that is durable.</summary>
    public ulong DurableWrite => durableWrite;

    /// <summary>True while a write that was handed out is not durable yet.</summary>
    public bool IsWriting => lastWrite > durableWrite;

    /// <summary>The last index in the log.</summary>
    public ulong LastIndex => log.LastIndex;

    /// <summary>The last entry's term.</summary>
    public ulong LastTerm => log.LastTerm;

    /// <summary>The first index that the log holds.</summary>
    public ulong FirstIndex => log.BaseIndex + 1;

    /// <summary>The index of the latest snapshot.</summary>
    public ulong SnapshotIndex { get; private set; }

    /// <summary>The configuration in force (the latest in the log).</summary>
    public Configuration Configuration => configurations.Latest;

    /// <summary>Where the configuration in force stands in the log.</summary>
    public ulong ConfigurationIndex => configurations.LatestIndex;

    /// <summary>True if the leader was heard within the shortest election timeout; of a leader, always.</summary>
    public bool IsLeaderHeard => role == Role.Leader || (!leader.IsNone && silentTicks < options.MinElectionTicks);

    /// <summary>The term of the entry at an index; null if the log does not hold it.</summary>
    public ulong? TermAt(ulong index) => log.TermAt(index);

    /// <summary>The configuration that is in force at an index that the log holds, or at its snapshot.</summary>
    public Configuration ConfigurationAt(ulong index) => configurations.At(index);

    /// <summary>The entry at an index, if it is in memory.</summary>
    public bool TryGetCached(ulong index, out Entry entry)
    {
        bool found = log.IsCached(index);
        entry = found ? log[index] : default;
        return found;
    }

    /// <summary>Founds a shard: this node alone, as voter of a configuration that it writes itself. Only with an empty log.</summary>
    public void Bootstrap(Configuration configuration, ReadOnlyMemory<byte> firstCommand = default)
    {
        Invariant.Holds(log.LastIndex == 0 && term == 0, "a shard is founded only on an empty log");
        BecomeTerm(1);
        log.Append(new Entry(1, 1, EntryKind.Configuration, configuration.Encode()));
        if (!firstCommand.IsEmpty) log.Append(new Entry(2, 1, EntryKind.Command, firstCommand));
        configurations.Add(1, configuration);
        electionTimeoutTicks = 0; // as after a restart of a lone voter: nobody is there to wait for
    }

    /// <summary>After how many further ticks, at least one, the first thing is due that time alone causes: a heartbeat or a pre-vote.</summary>
    public int QuietTicks => Math.Max(1, role == Role.Leader ? options.HeartbeatTicks - heartbeatTicks : electionTimeoutTicks - electionTicks);

    /// <summary>Time passed: one tick.</summary>
    public void Tick()
    {
        if (role == Role.Leader)
        {
            TickLeader();
            return;
        }

        electionTicks++;
        silentTicks++;
        if (electionTicks >= electionTimeoutTicks && MayStand) StartPreVote();
    }

    /// <summary>Takes one message and says what must follow; touches nothing outside this object.</summary>
    /// <remarks>Thesis §3.4–3.5.</remarks>
    public void Step(Message message)
    {
        // Neither a pre-vote nor a vote asked while a leader is heard may disturb a working group (thesis §9.6, §4.2.3).
        if (message.Kind == MessageKind.PreVote)
        {
            AnswerPreVote(message);
            return;
        }

        if (message.Kind == MessageKind.Vote && !message.IsTransfer && IsLeaderHeard) return;
        bool isGrantedPreVote = message.Kind == MessageKind.PreVoteAnswer && !message.IsRejected; // its term is only asked for

        if (message.Term < term)
        {
            AnswerStale(message);
            return;
        }

        if (message.Term > term && !isGrantedPreVote)
            BecomeFollower(message.Term, leader: IsFromLeader(message.Kind) ? message.From : default);

        switch (message.Kind)
        {
            case MessageKind.Vote: AnswerVote(message); break;
            case MessageKind.VoteAnswer: TakeVoteAnswer(message); break;
            case MessageKind.PreVoteAnswer: TakePreVoteAnswer(message); break;
            case MessageKind.Append or MessageKind.Heartbeat: StepFollower(message); break;
            case MessageKind.TransferNow: TakeTransfer(message); break;
            case MessageKind.AppendAnswer or MessageKind.HeartbeatAnswer when role == Role.Leader: StepLeader(message); break;
        }
    }

    /// <summary>The log says that a write, and all before it, is in stable storage.</summary>
    /// <param name="write">The write's number.</param>
    /// <param name="lastIndex">The log's last index as that write left it.</param>
    /// <param name="lastTerm">The term there.</param>
    public void Durable(ulong write, ulong lastIndex, ulong lastTerm)
    {
        Invariant.Holds(write <= lastWrite, $"write {write} is durable, and only {lastWrite} were made");
        durableWrite = Math.Max(durableWrite, write);

        // The log may have replaced entries since that write: then it speaks only of those before them. (A term compared at one index would
        // not do: entry (10, term 2) can be replaced and come back while the first write of it is still on its way.)
        if (Planted.Is(PlantedFault.LateDurableCounted)) lastIndex = Math.Min(lastIndex, log.LastIndex);
        else if (unwrittenReplacement != 0 || write < replacingWrite) lastIndex = Math.Min(lastIndex, KeptIndex(write));
        else Invariant.Holds(lastIndex <= log.BaseIndex || log.TermAt(lastIndex) == lastTerm, $"write {write} made {lastIndex} of term {lastTerm} durable, which the log has not");

        durableIndex = Math.Max(durableIndex, lastIndex);
        if (role == Role.Candidate && durableWrite >= hardStateWrite && !isHardStateDirty) CountOwnVote();
        if (role == Role.Leader) AdvanceCommit();
    }

    /// <summary>Hands over what must follow from all inputs since the last call.</summary>
    public void Drain(Outputs outputs)
    {
        outputs.Clear();
        if (role == Role.Leader) SendToFollowers(outputs);
        if (HasSomethingToPersist)
        {
            lastWrite++;
            outputs.WriteNumber = lastWrite;
            outputs.Snapshot = snapshotToPersist;
            if (isHardStateDirty)
            {
                outputs.HardState = new HardState(term, Planted.Is(PlantedFault.VoteNotPersisted) ? default : vote);
                hardStateWrite = lastWrite;
            }

            if (persistFrom <= log.LastIndex) outputs.Entries = log.Slice(persistFrom, log.LastIndex, int.MaxValue, long.MaxValue);
            if (unwrittenReplacement != 0)
            {
                keptIndex = durableWrite >= replacingWrite ? unwrittenReplacement - 1 : Math.Min(keptIndex, unwrittenReplacement - 1);
                replacingWrite = lastWrite;
                unwrittenReplacement = 0;
            }

            snapshotToPersist = null;
            isHardStateDirty = false;
            persistFrom = log.LastIndex + 1;
        }

        outputs.Messages.AddRange(messages);
        outputs.Reads.AddRange(confirmedReads);
        messages.Clear();
        confirmedReads.Clear();
        log.TrimCache(upTo: Math.Min(ApplyLimit, handedToApply));
    }

    /// <summary>The owner applied the entries up to this index: they may leave memory.</summary>
    public void Applied(ulong index) => handedToApply = Math.Max(handedToApply, index);

    private ulong handedToApply;

    private bool HasSomethingToPersist => isHardStateDirty || snapshotToPersist is not null || persistFrom <= log.LastIndex;

    /// <summary>The write that holds everything up to now, or 0 if that is durable already (P2).</summary>
    private ulong AfterAllWrites => HasSomethingToPersist ? lastWrite + 1 : lastWrite > durableWrite ? lastWrite : 0;

    /// <summary>The write that holds the present term and vote, or 0 if they are durable already.</summary>
    private ulong AfterHardState => isHardStateDirty ? lastWrite + 1 : hardStateWrite > durableWrite ? hardStateWrite : 0;

    private static bool IsFromLeader(MessageKind kind) => kind is MessageKind.Append or MessageKind.Heartbeat;

    /// <summary>Up to where a write older than the latest replacement still speaks of today's entries.</summary>
    private ulong KeptIndex(ulong write)
    {
        ulong kept = write < replacingWrite ? keptIndex : ulong.MaxValue;
        return unwrittenReplacement != 0 ? Math.Min(kept, unwrittenReplacement - 1) : kept;
    }

    /// <summary>Entries after <paramref name="kept"/> are replaced: what was written of them does not count any more.</summary>
    private void Replaced(ulong kept)
    {
        durableIndex = Math.Min(durableIndex, kept);
        persistFrom = Math.Min(persistFrom, kept + 1);
        unwrittenReplacement = unwrittenReplacement == 0 ? kept + 1 : Math.Min(unwrittenReplacement, kept + 1);
    }

    private void BecomeTerm(ulong newTerm)
    {
        Invariant.Holds(newTerm >= term, $"term would go back from {term} to {newTerm}");
        if (newTerm == term) return;
        (term, vote) = (newTerm, default);
        isHardStateDirty = true;
    }

    private void BecomeFollower(ulong newTerm, NodeId leader)
    {
        if (role == Role.Leader) ForgetFollowers();
        BecomeTerm(newTerm);
        role = Role.Follower;
        this.leader = leader;
        ResetElectionTimer();
    }

    private void HearLeader(NodeId from)
    {
        Invariant.Holds(role != Role.Leader, $"{from} also leads in term {term}");
        Invariant.Holds(leader.IsNone || leader == from, $"{leader} and {from} both lead in term {term}");
        if (role != Role.Follower || leader.IsNone) BecomeFollower(term, from);
        electionTicks = 0;
        silentTicks = 0;
    }

    private void Commit(ulong index)
    {
        if (index <= commitIndex) return;
        Invariant.Holds(index <= log.LastIndex, $"commit of {index} beyond the last index {log.LastIndex}");
        commitIndex = index;
    }

    private void TruncateFrom(ulong index)
    {
        Invariant.Holds(index > commitIndex, $"truncation at {index}, and {commitIndex} is committed");
        log.TruncateFrom(index);
        configurations.TruncateFrom(index);
        Replaced(kept: index - 1);
    }

    private void Send(Message message) => messages.Add(message);

    /// <summary>A sender of an earlier term is told the present one, so that it stops disturbing or leading.</summary>
    private void AnswerStale(Message message)
    {
        MessageKind? answer = message.Kind switch
        {
            MessageKind.Append => MessageKind.AppendAnswer,
            MessageKind.Heartbeat => MessageKind.HeartbeatAnswer,
            MessageKind.Vote => MessageKind.VoteAnswer,
            _ => null,
        };
        if (answer is not { } kind) return;
        Send(new Message
        {
            Kind = kind, From = id, To = message.From, Term = term, IsRejected = true, AfterWrite = AfterHardState,
            LogIndex = kind == MessageKind.HeartbeatAnswer ? log.LastIndex : message.LogIndex, // what a heartbeat's answer always tells
        });
    }
}
