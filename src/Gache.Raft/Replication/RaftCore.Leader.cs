using Gache.Primitives;

namespace Gache.Raft;

/// <summary>What a leader knows of a follower, for status and for decisions of its owner.</summary>
/// <param name="Node">The follower.</param>
/// <param name="Match">The highest index that it has in stable storage, as it said in this term.</param>
/// <param name="SilentTicks">Ticks since it was heard.</param>
/// <param name="NeedsSnapshot">It waits for a snapshot.</param>
/// <param name="HasDenied">It keeps denying what it had acknowledged: it lost data (P7).</param>
public readonly record struct FollowerStatus(NodeId Node, ulong Match, int SilentTicks, bool NeedsSnapshot, bool HasDenied);

public sealed partial class RaftCore
{
    private readonly Dictionary<NodeId, Progress> followers = [];
    private ReadRounds reads = new();
    private int heartbeatTicks;
    private NodeId transferTarget;
    private int transferTicks;
    private ulong firstOfTerm; // our no-op: nothing of ours is committed before it
    private long uncommittedBytes;
    private readonly Queue<(ulong Index, int Weight)> uncommitted = new();

    /// <summary>The followers of a leader; empty elsewhere.</summary>
    public IEnumerable<FollowerStatus> Followers => followers.Values.Select(Describe);

    /// <summary>True while this node leads and is not handing over.</summary>
    public bool TakesProposals => role == Role.Leader && transferTarget.IsNone && uncommittedBytes < options.MaxUncommittedBytes;

    /// <summary>True while leadership is being handed over.</summary>
    public bool IsTransferring => !transferTarget.IsNone;

    /// <summary>True if this node leads and an entry of its own term is committed, so that its commit index is the shard's.</summary>
    public bool HasCommittedInTerm => role == Role.Leader && commitIndex >= firstOfTerm;

    /// <summary>What a leader knows of one follower; null elsewhere.</summary>
    public FollowerStatus? FindFollower(NodeId node) => followers.TryGetValue(node, out Progress? progress) ? Describe(progress) : null;

    /// <summary>Appends a command to the leader's log.</summary>
    /// <returns>Its index; 0 if this node takes no proposals now.</returns>
    public ulong Propose(ReadOnlyMemory<byte> command) => TakesProposals ? AppendOwn(EntryKind.Command, command) : 0;

    /// <summary>Appends a change of the configuration: in force at once, one at a time (thesis §4.1, §4.3).</summary>
    /// <returns>Its index; 0 if this node does not lead, has committed nothing in its term yet, or another change is under way.</returns>
    public ulong ProposeConfiguration(Configuration next)
    {
        if (!TakesProposals || !HasCommittedInTerm || IsConfigurationChanging) return 0;
        Configuration present = configurations.Latest;
        bool sameVoters = next.Voters.SequenceEqual(present.Voters) && !next.IsJoint;
        bool isStepToJoint = next.IsJoint && next.Outgoing.SequenceEqual(present.Voters);
        Invariant.Holds(sameVoters || isStepToJoint, $"voters change without a joint configuration: {present} to {next}");
        return AppendConfiguration(next);
    }

    /// <summary>True until the latest configuration is committed and not joint.</summary>
    public bool IsConfigurationChanging => configurations.LatestIndex > commitIndex || configurations.Latest.IsJoint;

    /// <summary>Registers a read at the leader.</summary>
    /// <returns>The number of the round that confirms it (<see cref="Outputs.Reads"/>); 0 if this node does not lead.</returns>
    public ulong RequestRead() => role == Role.Leader ? reads.Register() : 0;

    /// <summary>True while a round of reads is not confirmed: what is registered now waits for the next one.</summary>
    public bool IsReadRoundUnderWay => role == Role.Leader && reads.IsUnderWay;

    /// <summary>Hands leadership to a voter: the one named, or the one that is furthest (thesis §3.10).</summary>
    /// <returns>False if this node does not lead, is handing over already, or there is nobody.</returns>
    public bool TransferLeadership(NodeId target = default)
    {
        if (role != Role.Leader || IsTransferring) return false;
        if (target.IsNone)
        {
            Progress? best = followers.Values.Where(f => configurations.Latest.Voters.Contains(f.Node) && f.SilentTicks < options.MinElectionTicks)
                .OrderByDescending(f => f.Match).ThenBy(f => f.Node).FirstOrDefault();
            if (best is null) return false;
            target = best.Node;
        }

        if (target == id || !followers.ContainsKey(target) || !configurations.Latest.IsVoter(target)) return false;
        transferTarget = target;
        transferTicks = 0;
        TransferIfCaughtUp();
        return true;
    }

    /// <summary>A connection with this peer stands again; what was in flight may be lost.</summary>
    public void PeerConnected(NodeId peer)
    {
        if (!followers.TryGetValue(peer, out Progress? progress)) return;
        if (progress.State != ProgressState.Probe) progress.BecomeProbe(); // a snapshot, too, may have been lost with the peer's process
        progress.IsProbeOut = false;
        SendHeartbeat(progress);
    }

    /// <summary>Entries read from disk for a follower (<see cref="Outputs.Fetches"/>); empty if the log has them no more.</summary>
    public void Fetched(NodeId follower, ReadOnlyMemory<Entry> entries)
    {
        if (!followers.TryGetValue(follower, out Progress? progress) || !progress.IsFetching) return;
        progress.IsFetching = false;
        if (entries.IsEmpty || progress.State == ProgressState.Snapshot) return;
        Entry first = entries.Span[0], last = entries.Span[^1];
        // While they were read, the follower or our own log may have moved on.
        if (first.Index != progress.Next || log.TermAt(last.Index) != last.Term || log.TermAt(first.Index) != first.Term) return;
        if (progress.State == ProgressState.Probe && progress.IsProbeOut) return;
        SendEntries(progress, entries);
    }

    /// <summary>The snapshot could not be sent: begin again with a probe.</summary>
    public void SnapshotFailed(NodeId follower)
    {
        if (followers.TryGetValue(follower, out Progress? progress) && progress.State == ProgressState.Snapshot) progress.BecomeProbe();
    }

    private static FollowerStatus Describe(Progress p) => new(p.Node, p.Match, p.SilentTicks, p.State == ProgressState.Snapshot, p.HasDenied);

    private void BecomeLeader()
    {
        Invariant.Holds(role == Role.Candidate, $"{id} would lead term {term} without standing for it");
        Invariant.Holds(durableWrite >= hardStateWrite && !isHardStateDirty, $"{id} would lead term {term} before its vote is durable");
        role = Role.Leader;
        leader = id;
        heartbeatTicks = 0;
        transferTarget = default;
        reads = new ReadRounds();
        followers.Clear();
        uncommitted.Clear();
        uncommittedBytes = 0;
        FollowConfiguration();
        firstOfTerm = log.LastIndex + 1;
        AppendOwn(EntryKind.NoOp, default); // so that what came before can be committed (thesis §3.6.2)
        SendHeartbeats();
    }

    private void ForgetFollowers()
    {
        followers.Clear();
        transferTarget = default;
        uncommitted.Clear();
        uncommittedBytes = 0;
    }

    private ulong AppendOwn(EntryKind kind, ReadOnlyMemory<byte> payload)
    {
        var entry = new Entry(log.LastIndex + 1, term, kind, payload);
        log.Append(entry);
        uncommitted.Enqueue((entry.Index, entry.Weight));
        uncommittedBytes += entry.Weight;
        return entry.Index;
    }

    private ulong AppendConfiguration(Configuration next)
    {
        ulong index = AppendOwn(EntryKind.Configuration, next.Encode());
        configurations.Add(index, next);
        FollowConfiguration();
        AdvanceCommit(); // a smaller majority may already be there
        if (role == Role.Leader) ConfirmReads(); // so for a round under way: who was still to answer it may have just left
        return index;
    }

    private void FollowConfiguration()
    {
        Configuration present = configurations.Latest;
        foreach (NodeId gone in followers.Keys.Where(node => present.Find(node) is null).ToList()) followers.Remove(gone);
        foreach (Member member in present.Members)
        {
            if (member.Id == id || followers.ContainsKey(member.Id)) continue;
            var inflight = new InflightWindow(options.MaxInflightMessages, options.MaxInflightBytes);
            followers.Add(member.Id, new Progress(member.Id, log.LastIndex + 1, inflight));
        }
    }

    private void TickLeader()
    {
        foreach (Progress follower in followers.Values)
        {
            follower.SilentTicks++;
            if (follower.DenyingTicks is { } ticks) follower.DenyingTicks = ticks + 1;
        }

        if (++heartbeatTicks >= options.HeartbeatTicks)
        {
            heartbeatTicks = 0;
            SendHeartbeats();
        }

        // Check-quorum (thesis §6.2): a leader that a majority does not hear must not keep clients waiting.
        Verdict heard = Quorum.Count(configurations.Latest, node => node == id || (followers.TryGetValue(node, out Progress? f) && f.SilentTicks < options.MaxElectionTicks));
        if (heard != Verdict.Won)
        {
            BecomeFollower(term, leader: default);
            return;
        }

        if (IsTransferring && ++transferTicks >= options.MaxElectionTicks) transferTarget = default;
    }

    private void StepLeader(Message message)
    {
        if (!followers.TryGetValue(message.From, out Progress? follower)) return;
        follower.SilentTicks = 0;
        if (message.Kind == MessageKind.HeartbeatAnswer) TakeHeartbeatAnswer(follower, message);
        else if (message.IsRejected) TakeRejection(follower, message);
        else TakeAcceptance(follower, message);
    }

    private void TakeHeartbeatAnswer(Progress follower, Message message)
    {
        follower.IsProbeOut = false;
        follower.ConfirmedRound = Math.Max(follower.ConfirmedRound, message.Round);
        if (follower.State == ProgressState.Replicate && follower.Match < log.LastIndex && follower.Match == follower.MatchAtHeartbeat)
        {
            if (follower.Next <= log.BaseIndex) follower.BecomeProbe(); // what it misses left the log meanwhile; its window may be full of it
            else SendEntries(follower, default); // an empty append: a rejection tells that something was lost
        }

        follower.MatchAtHeartbeat = follower.Match;
        if (follower.State == ProgressState.Snapshot && message.Commit >= follower.SnapshotFloor)
        {
            // It has what it needs; only the answer that said so was lost, or it knew no leader to send it to.
            follower.BecomeProbe();
            follower.Next = Math.Min(Math.Max(message.Commit, follower.Match), log.LastIndex) + 1;
        }

        ConfirmReads();
    }

    private void TakeRejection(Progress follower, Message message)
    {
        if (follower.State == ProgressState.Snapshot) return;
        bool isStale = follower.State == ProgressState.Replicate
            ? message.LogIndex < follower.Match || message.LogIndex >= follower.Next // of a message sent before it agreed, or before we stepped back
            : message.LogIndex != follower.Next - 1;
        if (isStale) return;
        if (message.LogIndex <= follower.Match)
        {
            // It denies what it acknowledged: it lost data, and its owner must deal with that (P7). Do not argue faster than heartbeats.
            follower.DenyingTicks ??= 0;
            follower.HasDenied |= follower.DenyingTicks >= options.DenialTicks;
            follower.BecomeProbe();
            follower.IsProbeOut = true;
            return;
        }

        // Skip whole terms that cannot agree (etcd's double hint): the last of our entries, at most at the hint, of at most its term.
        ulong agree = log.LastIndexWithTermAtMost(message.HintIndex, message.HintTerm);
        ulong next = Math.Min(agree, message.LogIndex) + 1;
        follower.BecomeProbe();
        follower.Next = Math.Max(next, follower.Match + 1);
    }

    private void TakeAcceptance(Progress follower, Message message)
    {
        if (message.LogIndex > log.LastIndex) return; // cannot be of this term
        if (message.LogIndex >= follower.Match) (follower.DenyingTicks, follower.HasDenied) = (null, false);
        bool isNews = message.LogIndex > follower.Match;
        follower.Match = Math.Max(follower.Match, message.LogIndex);
        follower.Inflight.FreeTo(message.LogIndex);
        switch (follower.State)
        {
            case ProgressState.Probe: follower.BecomeReplicate(); break;
            case ProgressState.Snapshot when follower.Match >= log.BaseIndex: follower.BecomeReplicate(); break;
            case ProgressState.Snapshot when isNews: follower.BecomeProbe(); break; // the log's start moved on meanwhile: another snapshot
            case ProgressState.Replicate: follower.Next = Math.Max(follower.Next, follower.Match + 1); break;
        }

        if (!isNews) return;
        AdvanceCommit();
        TransferIfCaughtUp();
    }

    private void AdvanceCommit()
    {
        ulong candidate = Quorum.Reached(configurations.Latest, node =>
            node == id ? durableIndex : followers.TryGetValue(node, out Progress? f) ? f.Match : 0);
        if (candidate <= commitIndex) return;

        // An entry of an earlier term is committed only through one of ours (thesis §3.6.2, figure 3.7).
        if (log.TermAt(candidate) != term && !Planted.Is(PlantedFault.OldTermCommittedByCounting)) return;
        Commit(candidate);
        while (uncommitted.TryPeek(out (ulong Index, int Weight) first) && first.Index <= commitIndex)
        {
            uncommittedBytes -= first.Weight;
            uncommitted.Dequeue();
        }

        FinishConfigurationChange();
    }

    private void FinishConfigurationChange()
    {
        if (configurations.LatestIndex > commitIndex || !HasCommittedInTerm) return;
        if (configurations.Latest.IsJoint) AppendConfiguration(configurations.Latest.LeaveJoint()); // the second half follows by itself (§4.3)
        else if (!configurations.Latest.IsVoter(id)) BecomeFollower(term, leader: default); // we led ourselves out (§4.2.2)
    }

    private void SendToFollowers(Outputs outputs)
    {
        if (HasCommittedInTerm && reads.TryBegin(commitIndex))
        {
            SendHeartbeats();
            ConfirmReads(); // a lone voter needs nobody
        }

        foreach (Progress follower in followers.Values) SendAppends(follower, outputs);
    }

    private void ConfirmReads()
    {
        if (!reads.IsUnderWay) return;
        Verdict verdict = Quorum.Count(configurations.Latest, node =>
            node == id || (followers.TryGetValue(node, out Progress? f) && f.ConfirmedRound >= reads.Current) ? true : null);
        if (verdict != Verdict.Won) return;
        reads.End();
        confirmedReads.Add(new ConfirmedReads(reads.Current, reads.Index));
    }

    private void SendHeartbeats()
    {
        foreach (Progress follower in followers.Values) SendHeartbeat(follower);
    }

    private void SendHeartbeat(Progress follower) => Send(new Message
    {
        Kind = MessageKind.Heartbeat, From = id, To = follower.Node, Term = term, Commit = Math.Min(commitIndex, follower.Match), Round = reads.Current,
    });

    private void SendAppends(Progress follower, Outputs outputs)
    {
        while (follower.State != ProgressState.Snapshot && !follower.IsProbeOut && !follower.IsFetching && !follower.Inflight.IsFull)
        {
            if (follower.Next > log.LastIndex)
            {
                if (follower.State == ProgressState.Probe) SendEntries(follower, default);
                return;
            }

            if (follower.Next <= log.BaseIndex)
            {
                follower.BecomeSnapshot(floor: log.BaseIndex);
                outputs.SnapshotsWanted.Add(follower.Node);
                return;
            }

            if (!log.IsCached(follower.Next))
            {
                follower.IsFetching = true;
                ulong last = Math.Min(log.CacheFirst - 1, follower.Next + (ulong)options.MaxEntriesPerMessage - 1);
                outputs.Fetches.Add(new Fetch(follower.Node, follower.Next, last, options.MaxBytesPerMessage));
                return;
            }

            SendEntries(follower, log.Slice(follower.Next, log.LastIndex, options.MaxEntriesPerMessage, options.MaxBytesPerMessage));
        }
    }

    private void SendEntries(Progress follower, ReadOnlyMemory<Entry> entries)
    {
        ulong previous = follower.Next - 1;
        if (log.TermAt(previous) is not { } previousTerm) return; // compacted meanwhile: the next drain asks for a snapshot
        Send(new Message
        {
            Kind = MessageKind.Append, From = id, To = follower.Node, Term = term, LogIndex = previous, LogTerm = previousTerm,
            Commit = commitIndex, Entries = entries,
        });
        if (follower.State == ProgressState.Probe)
        {
            follower.IsProbeOut = true;
            return;
        }

        if (entries.IsEmpty) return;
        long bytes = 0;
        foreach (Entry entry in entries.Span) bytes += entry.Weight;
        follower.Next += (ulong)entries.Length;
        follower.Inflight.Add(follower.Next - 1, bytes);
    }

    private void TransferIfCaughtUp()
    {
        if (!IsTransferring || !followers.TryGetValue(transferTarget, out Progress? target) || target.Match < log.LastIndex) return;
        Send(new Message { Kind = MessageKind.TransferNow, From = id, To = transferTarget, Term = term });
    }
}
