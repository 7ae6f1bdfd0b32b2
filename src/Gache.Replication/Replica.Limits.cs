using Gache.Primitives;
using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

public sealed partial class Replica
{
    private readonly Dictionary<NodeId, MemberReport> reports = [];
    private long memoryBoundBytes; // the smallest bound on the store's memory among the voters
    private bool isSpaceLow;
    private bool isOwnSpaceLow;
    private long freeBytes;
    private long bytesSinceDiskLook; // written to the log or a snapshot, about
    private bool isDivergenceOpen;

    /// <summary>Why a command that needs space cannot be proposed now, or null.</summary>
    private Refusal? NoSpaceFor(byte[] command)
    {
        long history = Math.Min(History.Bytes, History.LeastBytes); // what is above that gives way (ChangeHistory.Fit)
        if (store.Bytes + history >= memoryBoundBytes && !Command.IsOfHandedSlot(command))
            return new Refusal(RefusalCode.MemoryFull, $"the store holds {store.Bytes} bytes, the history of its changes at least {history}, and their bound is {memoryBoundBytes}: reads and deletes go on");
        return isSpaceLow ? DiskFull : null;
    }

    private void TakeReport(NodeId from, MemberReport report)
    {
        reports[from] = report;
        (ulong Index, UInt128 Checksum) before = checksums.ReportOf(from);
        if (report.ChecksumIndex == 0 || before == (report.ChecksumIndex, report.Checksum)) return;
        checksums.Report(from, report.ChecksumIndex, report.Checksum);
        if (checksums.Agrees(from) == false) Diverged(from, report);
    }

    /// <summary>Two replicas hold different states at one index: whoever stands against a majority of all voters must go (P5).</summary>
    private void Diverged(NodeId member, MemberReport report)
    {
        Verdict own = Quorum(voter => voter == identity.Node ? true : checksums.Agrees(voter, report.ChecksumIndex));
        Verdict other = Quorum(voter => voter != identity.Node && checksums.ReportOf(voter) == (report.ChecksumIndex, report.Checksum) ? true : null);
        logger.StatesDiffer(member, report.ChecksumIndex);
        if (own == Verdict.Won) members.DeclareLost(member, nowTick, $"its state at index {report.ChecksumIndex} differs from a majority's");
        else if (other == Verdict.Won) RejoinEmpty($"the state of this node at index {report.ChecksumIndex} differs from a majority's", OtherApiAddresses());
        else isDivergenceOpen = true; // nobody can say who is right: nobody stops
    }

    private Verdict Quorum(Func<NodeId, bool?> answer)
    {
        Verdict incoming = Count(core.Configuration.Voters, answer);
        return core.Configuration.IsJoint && Count(core.Configuration.Outgoing, answer) != Verdict.Won ? Verdict.Open : incoming;

        static Verdict Count(IReadOnlyCollection<NodeId> voters, Func<NodeId, bool?> answer) =>
            voters.Count(v => answer(v) == true) > voters.Count / 2 ? Verdict.Won : Verdict.Open;
    }

    private List<string> OtherApiAddresses() =>
        [.. core.Configuration.Members.Where(m => m.Id != identity.Node).Select(m => m.ApiAddress)];

    private void NoteChecksum(ulong index)
    {
        checksums.Note(index, store.Checksum);
        (bytesSinceCheckpoint, storeBytesAtCheckpoint, checkpointTick, isCheckpointDue) = (0, store.Bytes, nowTick, false);
        BeginSnapshotAt(index);
    }

    /// <summary>A state that came from a snapshot can be compared from the start, wherever the snapshot was taken: a recovered shard's stands where its
    /// log ended, and a majority must be able to confirm that one, too, before it is sent to others.</summary>
    private void NoteLoadedState()
    {
        if (store.AppliedIndex != 0) checksums.Note(store.AppliedIndex, store.Checksum);
    }

    private void Report() =>
        outgoing.Report = new MemberReport(appliedIndex, checksums.LatestIndex, checksums.Latest, options.MaxStoreBytes, isOwnSpaceLow);

    /// <summary>Now and then, and whenever so much was written that the disk may be another.</summary>
    private void LookAtTheDisk()
    {
        bytesSinceDiskLook = 0;
        freeBytes = freeDiskBytes();
        long spareBytes = freeBytes - options.ReservedDiskBytes - NextSnapshotBytes;
        isOwnSpaceLow = spareBytes < 0;
        if (isOwnSpaceLow) GiveUpDeadIntake();
        if (!isLoading) History.Fit(spareBytes); // else the background owns the store and what it tells
        long logBytes = options.ReservedDiskBytes / 2;
        bool takesTheLogs = freeBytes < logBytes && freeBytes + taker.FilledBytes >= logBytes && !log.HasNextSegment;
        if (takesTheLogs) taker.Abandon(NoRoomBesideTheLog); // the log's next segment comes first: without it the node ends
        long bound = options.MaxStoreBytes;
        bool isLow = isOwnSpaceLow;
        foreach (FollowerStatus follower in core.Followers)
        {
            if (!core.Configuration.IsVoter(follower.Node) || !reports.TryGetValue(follower.Node, out MemberReport report)) continue;
            if (report.MaxMemoryBytes > 0) bound = Math.Min(bound, report.MaxMemoryBytes);
            isLow |= report.IsSpaceLow && follower.SilentTicks < RecentTicks;
        }

        if (isLow && !isSpaceLow)
        {
            logger.SpaceIsLow();
            spaceLowSinceTick = nowTick;
        }

        (memoryBoundBytes, isSpaceLow) = (bound, isLow);
    }

    /// <summary>What the next snapshot will take beside those that are there: about as much as the state does, or as the last one, until another has
    /// shown that it takes less; of one under way, what is not written yet.</summary>
    private long NextSnapshotBytes => Math.Max(0, Math.Max(isLoading ? 0 : ExpectedSnapshotBytes, taker.LastSizeBytes) - taker.FilledBytes);

    private long ExpectedSnapshotBytes => store.ContentBytes / 8 * 9; // it was 0.96 to 1.07 of that

    private const int RecentTicks = 40;
    private const long DiskLookBytes = 8 << 20; // a small part of what is reserved, however fast it is written
    private const string NoRoomBesideTheLog = "the disk has no room for it beside the log";
}
