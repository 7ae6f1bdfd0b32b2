using Gache.Primitives;

namespace Gache.Raft;

public sealed partial class RaftCore
{
    // Up to where this process has seen its log agree with the leader's, and in which term; nothing at first.
    private ulong matchedIndex;
    private ulong matchedTerm;

    private void StepFollower(Message message)
    {
        HearLeader(message.From);
        if (message.Kind == MessageKind.Heartbeat) TakeHeartbeat(message);
        else TakeAppend(message);
    }

    private void TakeHeartbeat(Message message)
    {
        // A heartbeat's commit index is one that this node said to have. Should this process have lost it (a folder from an old copy), then
        // what stands at that index here may be an entry that was replaced long ago: so only what this leader has matched counts.
        if (matchedTerm == term) Commit(Math.Min(message.Commit, Math.Min(matchedIndex, log.LastIndex)));
        Send(new Message
        {
            Kind = MessageKind.HeartbeatAnswer, From = id, To = message.From, Term = term, Round = message.Round, LogIndex = log.LastIndex,
            Commit = commitIndex, AfterWrite = AfterHardState,
        });
    }

    private void TakeAppend(Message message)
    {
        if (message.LogIndex < commitIndex)
        {
            // An old or repeated message. What is committed here is the same at the leader (leader completeness).
            AcceptUpTo(message, commitIndex);
            return;
        }

        if (log.TermAt(message.LogIndex) != message.LogTerm)
        {
            ulong hint = log.LastIndexWithTermAtMost(Math.Min(message.LogIndex, log.LastIndex), message.LogTerm);
            Send(new Message
            {
                Kind = MessageKind.AppendAnswer, From = id, To = message.From, Term = term, LogIndex = message.LogIndex, IsRejected = true,
                HintIndex = hint, HintTerm = log.TermAt(hint) ?? 0, AfterWrite = AfterHardState,
            });
            return;
        }

        ReadOnlySpan<Entry> entries = message.Entries.Span;
        for (int i = 0; i < entries.Length; i++)
        {
            ulong? present = log.TermAt(entries[i].Index);
            if (present == entries[i].Term) continue; // we have it already
            if (present is not null) TruncateFrom(entries[i].Index); // paper §5.3: a conflict removes it and all after it
            Append(entries[i]);
        }

        ulong lastNew = message.LogIndex + (ulong)entries.Length;
        Commit(Math.Min(message.Commit, lastNew));
        AcceptUpTo(message, lastNew);
    }

    private void Append(in Entry entry)
    {
        log.Append(entry);
        if (entry.Kind == EntryKind.Configuration) configurations.Add(entry.Index, Configuration.Decode(entry.Payload.Span));
    }

    private void AcceptUpTo(Message message, ulong index)
    {
        matchedIndex = matchedTerm == term ? Math.Max(matchedIndex, index) : index;
        matchedTerm = term;
        Send(new Message
        {
            Kind = MessageKind.AppendAnswer, From = id, To = message.From, Term = term, LogIndex = index,
            AfterWrite = Planted.Is(PlantedFault.AnswerBeforeSync) ? 0 : AfterAllWrites,
        });
    }

    /// <summary>A snapshot from the leader is whole and synced in this node's folder: go on from it, and answer the leader.</summary>
    /// <returns>True if the log now starts after it and the store must be loaded from it; false if the log had all of it already.</returns>
    public bool InstallSnapshot(SnapshotMark snapshot)
    {
        bool isNews = snapshot.Index > commitIndex;
        bool isReplacing = isNews && log.TermAt(snapshot.Index) != snapshot.Term;
        if (isReplacing)
        {
            log.Restart(snapshot.Index, snapshot.Term);
            configurations.Restart(snapshot.Index, snapshot.Configuration);
            Replaced(kept: 0);
            persistFrom = snapshot.Index + 1;
            snapshotToPersist = snapshot;
            SnapshotIndex = snapshot.Index;
            handedToApply = snapshot.Index;
            commitIndex = snapshot.Index;
        }
        else if (isNews)
        {
            Commit(snapshot.Index); // the entries are here
        }

        if (!leader.IsNone && leader != id)
        {
            Send(new Message
            {
                Kind = MessageKind.AppendAnswer, From = id, To = leader, Term = term, LogIndex = commitIndex, AfterWrite = AfterAllWrites,
            });
        }

        return isReplacing;
    }

    /// <summary>A snapshot of the own store is whole and synced: the log up to <paramref name="keepFrom"/> may go.</summary>
    /// <param name="snapshot">Its place; applied, so committed.</param>
    /// <param name="keepFrom">The first index to keep for slow followers; at most one after the snapshot.</param>
    public void SnapshotTaken(SnapshotMark snapshot, ulong keepFrom)
    {
        Invariant.Holds(snapshot.Index <= ApplyLimit, $"snapshot at {snapshot.Index}, and only {ApplyLimit} may be applied");
        if (snapshot.Index <= SnapshotIndex) return;
        SnapshotIndex = snapshot.Index;
        snapshotToPersist = snapshot;
        configurations.CompactTo(snapshot.Index);
        log.CompactTo(Math.Min(keepFrom - 1, snapshot.Index));
    }
}
