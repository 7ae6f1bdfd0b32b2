using System.Collections.Immutable;
using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

public sealed partial class Replica
{
    private readonly KeptEntries kept;
    private bool isSnapshotDue;
    private bool isCheckpointDue; // for others' sake
    private long bytesSinceCheckpoint;
    private long storeBytesAtCheckpoint;
    private long checkpointTick;
    private long spaceLowSinceTick;
    private ulong givenUpIndex; // of the last snapshot that came to nothing
    private (long Free, long Content) begunWith; // what was free of the disk then, and how large the state was
    private (long Free, long Content)? givenUpForRoom;
    private readonly Dictionary<NodeId, long> snapshotRetries = []; // the tick of each
    private (ulong Index, ulong Term) noRoomFor; // the leader's snapshot that did not fit last
    private long lastChunkTick; // when a piece of a leader's came last; 0 for none
    private bool isOldToDelete = true; // of an earlier run
    private (ulong Write, ulong Index) pendingMark;
    private ulong durableMark; // the snapshot that a start would go on from

    private void BeginSnapshotIfDue()
    {
        if (isOldToDelete && isOwnSpaceLow && durableMark == core.SnapshotIndex)
        {
            isOldToDelete = false;
            DeleteAllButTheNewest();
        }

        isCheckpointDue = OthersMayWaitForCheckpoint();
        if (taker.IsBusy || isLoading)
        {
            isSnapshotDue = false;
            return;
        }

        // On a nearly full disk a snapshot is what makes room: of a log worth it, or of a state that became smaller.
        bool makesRoom = isOwnSpaceLow && (log.BytesSinceSnapshot > WorthwhileLogBytes || ExpectedSnapshotBytes < taker.LastSizeBytes / 8 * 7);
        isSnapshotDue = (makesRoom || log.BytesSinceSnapshot > SnapshotAfterBytes()) && !HadNoRoomForLess();

        // Nothing may come that leads to another fixed index, as where puts are refused; but once is enough where the disk has no room for it.
        bool isAtCheckpoint = checksums.IsPoint(appliedIndex) && appliedIndex > core.SnapshotIndex;
        if (isAtCheckpoint && appliedIndex != givenUpIndex) BeginSnapshotAt(appliedIndex);
    }

    /// <summary>One that came to nothing on a nearly full disk is not tried again before there is more room, or it is smaller by an eighth.</summary>
    private bool HadNoRoomForLess() => isOwnSpaceLow && givenUpForRoom is { } tried && freeBytes <= tried.Free && store.ContentBytes > tried.Content / 8 * 7;

    /// <summary>A leader does not know when the others' snapshots are due. So a fixed index comes at least as often as their lengths of the log
    /// differ.</summary>
    private bool OthersMayWaitForCheckpoint()
    {
        if (core.Configuration.Members.Length == 1 || isLoading) return false;
        return (isSpaceLow && OthersMayWaitForRoom()) || bytesSinceCheckpoint > LeastSnapshotAfterBytes / SnapshotLengthParts;
    }

    /// <summary>Where a disk is nearly full, puts, which would lead to a fixed index, are refused. So one comes after a second; again whenever
    /// the state became smaller by an eighth, as what is deleted makes room with the next snapshot only; and when as long again has passed, as a
    /// member may have been busy with a snapshot at the last one, or become low since. Not more often: what leads there takes room, too.</summary>
    private bool OthersMayWaitForRoom()
    {
        long lowForTicks = nowTick - spaceLowSinceTick;
        if (lowForTicks < LowForTicks) return false;
        return checkpointTick - spaceLowSinceTick < lowForTicks / 2 || store.Bytes < storeBytesAtCheckpoint - (storeBytesAtCheckpoint / SnapshotLengthParts);
    }

    private long LeastSnapshotAfterBytes => Math.Max(options.SnapshotAfterBytes, taker.LastSizeBytes);

    /// <summary>How long the log may become behind a snapshot before the next one is due: each member has a length of its own, so that they do not
    /// all take theirs at once, and a majority is free to answer.</summary>
    private long SnapshotAfterBytes()
    {
        long least = LeastSnapshotAfterBytes;
        ImmutableArray<Member> all = core.Configuration.Members;
        int place = 0;
        while (place < all.Length && all[place].Id != identity.Node) place++;
        return least + (least / SnapshotLengthParts * Math.Min(place, MostSnapshotPlaces));
    }

    private const long LowForTicks = 100; // by then whoever is low has told of it, and waits for a fixed index
    private const int SnapshotLengthParts = 8;
    private const int MostSnapshotPlaces = 4; // half as long again

    /// <summary>Where few entries come (large values, a quiet shard), time entries lead to the next fixed index: a snapshot waits for it.</summary>
    /// <remarks>Called where a batch is made, after news from the disk: at full load that is the only moment at which no write is under way.</remarks>
    private void LeadToCheckpoint()
    {
        ulong beyond = core.LastIndex % options.ChecksumEvery;
        if (core.Role != Role.Leader || core.IsWriting || taker.IsFull || !core.TakesProposals || HoldsProposals || beyond == 0) return;
        if (core.LastIndex / options.ChecksumEvery != appliedIndex / options.ChecksumEvery) return; // one is on its way already
        ulong count = Math.Min(options.ChecksumEvery - beyond, (ulong)options.MaxBatchEntries);
        for (ulong i = 0; i < count && core.TakesProposals; i++) core.Propose(Command.EncodeTime(clock.Now()));
    }

    /// <summary>Of the snapshots up to the one that a start would go on from.</summary>
    private void DeleteAllButTheNewest()
    {
        ulong marked = durableMark;
        background.Run(() =>
        {
            try
            {
                snapshots.DeleteOld(marked, keep: 1);
            }
            catch (FileFailedException)
            {
                // it stays; the next snapshot tries again
            }
        });
    }

    /// <summary>Snapshots are taken only where checksums are compared, so that a majority can confirm what is sent to others (P5).</summary>
    private void BeginSnapshotAt(ulong index)
    {
        if (!isSnapshotDue || taker.IsBusy || core.TermAt(index) is not { } term) return;
        isSnapshotDue = false;
        begunWith = (freeBytes, store.ContentBytes);
        taker.Begin(store, new SnapshotMark(index, term, core.ConfigurationAt(index)), durableMark, Math.Max(store.Bytes, taker.LastSizeBytes));
    }

    private void SnapshotTaken(SnapshotMark mark, long bytes)
    {
        if (isLoading || mark.Index <= core.SnapshotIndex) return; // the leader's is later, and is being loaded
        Counters.SnapshotsTaken++;
        givenUpForRoom = null;
        logger.SnapshotTaken(mark.Index, store.KeyCount, bytes);
        isOldToDelete = true;
        ulong keepFrom = isOwnSpaceLow ? mark.Index + 1 : Math.Min(kept.KeepFrom(options.KeptBeforeSnapshotBytes) ?? core.FirstIndex, mark.Index + 1);
        core.SnapshotTaken(mark, keepFrom);
        log.ReleaseBefore(keepFrom);
    }

    private void SnapshotGivenUp(ulong index, string why)
    {
        givenUpIndex = index;
        if (isOwnSpaceLow) givenUpForRoom = begunWith;
        logger.SnapshotGivenUp(index, why);
    }

    private void ReadForFollower(Fetch fetch) => background.Run(() =>
    {
        var entries = new List<Entry>();
        Exception? failure = null;
        try
        {
            if (!log.TryRead(fetch.First, fetch.Last, (int)fetch.MaxBytes, entries)) entries.Clear();
        }
        catch (Exception e)
        {
            failure = e;
        }

        Post(() =>
        {
            if (failure is not null) Fail(failure);
            else core.Fetched(fetch.Follower, entries.ToArray());
        });
    });

    private void SendSnapshot(NodeId follower)
    {
        if (sender.IsSendingTo(follower)) return;
        (ulong term, ulong marked) = (core.Term, core.SnapshotIndex);
        background.Run(() =>
        {
            SnapshotFile? newest = null;
            try
            {
                newest = snapshots.List().FirstOrDefault(file => file.Index <= marked); // a later one may be on its way in
            }
            catch (FileFailedException)
            {
                // told below as "none"
            }

            Post(() =>
            {
                if (core.Role != Role.Leader || core.Term != term) return;
                bool isUsable = newest is not null && newest.Index >= core.FirstIndex - 1;
                if (!isUsable || !MaySend(newest!.Index, follower))
                {
                    RetrySnapshot(follower, nowTick + SnapshotRetryTicks);
                    return;
                }

                Counters.SnapshotsSent++;
                logger.SendsSnapshot(newest.Index, taker.LastSizeBytes, follower);
                sender.Start(follower, newest, term, nowTick);
            });
        });
    }

    private void RetrySnapshot(NodeId follower, long atTick)
    {
        if (snapshotRetries.TryAdd(follower, atTick)) AwaitRetry(follower); // else it is tried again then
    }

    private void AwaitRetry(NodeId follower)
    {
        if (nowTick < snapshotRetries[follower]) atNextTick.Add(() => AwaitRetry(follower));
        else if (snapshotRetries.Remove(follower)) core.SnapshotFailed(follower);
    }

    /// <summary>
    /// Confirmed; or the shard can do nothing without it: a leader that has committed nothing for long, as the only voters that could confirm
    /// its state are gone and the one that lives needs this very snapshot. Refusing then would keep a live majority from serving for ever.
    /// </summary>
    private bool MaySend(ulong snapshotIndex, NodeId follower)
    {
        if (IsConfirmed(snapshotIndex)) return true;
        if (core.HasCommittedInTerm || nowTick - leadingSinceTick < UnconfirmedAfterTicks) return false;
        if (core.Configuration.Members.Any(m => checksums.Agrees(m.Id, notBefore: snapshotIndex) == false)) return false;
        logger.SendsUnconfirmed(snapshotIndex, follower);
        return true;
    }

    /// <summary>A majority of all voters has the same state as this node at the snapshot's index or at a later fixed one (P5).</summary>
    private bool IsConfirmed(ulong snapshotIndex) =>
        Quorum(voter => voter == identity.Node ? true : checksums.Agrees(voter, notBefore: snapshotIndex)) == Verdict.Won;

    private void TakeChunk(SnapshotChunk chunk)
    {
        if (chunk.To != identity.Node || members.IsMute || chunk.Term < core.Term || isLoading) return;
        if (chunk.SnapshotIndex > core.CommitIndex)
        {
            lastChunkTick = nowTick;
            intake.Take(chunk);
            return;
        }

        // Everything in it is committed here already: say so, and let the leader go on with entries.
        core.InstallSnapshot(new SnapshotMark(chunk.SnapshotIndex, chunk.SnapshotTerm, Configuration.Empty));
        AnswerChunk(chunk, chunk.TotalLength, isRefused: false);
    }

    private void AnswerChunk(SnapshotChunk chunk, long nextOffset, bool isRefused) => transport.Send(new SnapshotChunkAnswer
    {
        To = chunk.From, From = identity.Node, Term = core.Term, SnapshotIndex = chunk.SnapshotIndex, NextOffset = nextOffset, IsRefused = isRefused,
    });

    /// <summary>The leader's snapshot was refused for want of room: gives back what this node can do without, so that it may fit when it comes again.</summary>
    private void MakeRoomFor(SnapshotChunk piece, long free)
    {
        if (isLoading || piece.SnapshotIndex <= core.CommitIndex) return; // no longer wanted
        (ulong, ulong) which = (piece.SnapshotIndex, piece.SnapshotTerm);
        if (noRoomFor != which) logger.NoRoomForSnapshot(piece.SnapshotIndex, piece.TotalLength, free);
        noRoomFor = which;
        History.Fit(free - piece.TotalLength);
        DeleteAllButTheNewest();
    }

    /// <summary>What a leader had begun to send, and then did not end, must not take the room that puts need.</summary>
    private void GiveUpDeadIntake()
    {
        if (lastChunkTick == 0 || nowTick - lastChunkTick < DeadIntakeTicks) return;
        lastChunkTick = 0;
        intake.Abandon();
    }

    private void SnapshotReceived(SnapshotFile file)
    {
        if (isLoading || file.Index <= core.CommitIndex) return;
        taker.Abandon("the leader sent a later one");
        isLoading = true;
        background.Run(() => Load(file));
    }

    /// <summary>Reads the snapshot into the store, on the background: while it loads, the step does not touch the store.</summary>
    private void Load(SnapshotFile file)
    {
        try
        {
            using SnapshotReader reader = snapshots.Read(file);
            SnapshotMark mark = reader.Head.Mark;
            Post(() =>
            {
                // The log first: from here on it goes on after the snapshot, and the store follows.
                if (!core.InstallSnapshot(mark))
                {
                    isLoading = false;
                    return;
                }

                log.ReleaseBefore(mark.Index + 1);
                background.Run(() => Restore(file, mark));
            });
        }
        catch (Exception e)
        {
            Post(() => Fail(e));
        }
    }

    private void Restore(SnapshotFile file, SnapshotMark mark)
    {
        try
        {
            using SnapshotReader reader = snapshots.Read(file);
            long length = reader.Length;
            SnapshotLoading.Into(store, reader);
            Post(() =>
            {
                isLoading = false;
                isOldToDelete = true;
                noRoomFor = default;
                appliedIndex = mark.Index;
                core.Applied(mark.Index);
                checksums.Restart();
                NoteLoadedState();
                kept.Restart();
                taker.LastSizeBytes = length;
                clock.Hear(store.StoreTimeMilliseconds);
                Counters.SnapshotsInstalled++;
                logger.SnapshotInstalled(mark.Index, store.KeyCount);
            });
        }
        catch (Exception e)
        {
            Post(() => Fail(e));
        }
    }

    private const long SnapshotRetryTicks = 50;
    private const long RefusedSnapshotTicks = 200; // each try costs a window of pieces
    private const long DeadIntakeTicks = 1_500; // its sender gives up earlier
    private const long UnconfirmedAfterTicks = 200;
    private long leadingSinceTick;
    private const long WorthwhileLogBytes = 8 << 20;
}
