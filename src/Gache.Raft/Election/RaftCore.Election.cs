using Gache.Primitives;

namespace Gache.Raft;

public sealed partial class RaftCore
{
    private bool isTransferCampaign;

    /// <summary>How many votes this node has in its present candidacy, or had when it won.</summary>
    public int VotesGranted => tally.Granted;

    /// <summary>The connection with a peer's process closed. If that was the leader, it counts as not heard from now on.</summary>
    /// <remarks>Brings failover after kill -9 far under the election timeout; no promise rests on stickiness, so it can never elect two.</remarks>
    public void PeerDisconnected(NodeId peer)
    {
        if (role == Role.Leader)
        {
            if (followers.TryGetValue(peer, out Progress? progress) && progress.State == ProgressState.Replicate) progress.BecomeProbe();
            return;
        }

        if (peer != leader) return;
        silentTicks = options.MaxElectionTicks;
        electionTicks = 0;
        electionTimeoutTicks = random.Next(0, options.MaxDisconnectTicks + 1);
    }

    /// <summary>A voter; or one that its latest configuration leaves out, until that is committed: nobody else may have a log long enough
    /// to be elected, and the old majority may still need it (thesis §4.2.2).</summary>
    private bool MayStand => configurations.Latest.IsVoter(id)
        || (configurations.LatestIndex > commitIndex && configurations.BeforeLatest.IsVoter(id));

    private void ResetElectionTimer()
    {
        electionTicks = 0;
        electionTimeoutTicks = random.Next(options.MinElectionTicks, options.MaxElectionTicks);
    }

    private bool IsUpToDate(Message candidate) =>
        candidate.LogTerm > log.LastTerm || (candidate.LogTerm == log.LastTerm && candidate.LogIndex >= log.LastIndex); // paper §5.4.1

    private void StartPreVote()
    {
        ResetElectionTimer();
        role = Role.PreCandidate;
        leader = default;
        tally.Clear();
        tally.Record(id, true); // costs nothing: a pre-vote binds nobody
        if (CountVotes() == Verdict.Won)
        {
            Campaign(isTransfer: false);
            return;
        }

        AskForVotes(MessageKind.PreVote, term + 1, isTransfer: false, afterWrite: 0);
    }

    private void Campaign(bool isTransfer)
    {
        ResetElectionTimer();
        BecomeTerm(term + 1);
        role = Role.Candidate;
        leader = default;
        vote = id;
        isTransferCampaign = isTransfer;
        tally.Clear(); // our own vote counts when it is durable (P2)

        // The request, too, waits for the disk: a candidate that forgot its term could stand in it again with a shorter log, and be elected
        // by an answer that was given to the longer one.
        AskForVotes(MessageKind.Vote, term, isTransfer, AfterAllWrites);
    }

    private void AskForVotes(MessageKind kind, ulong askedTerm, bool isTransfer, ulong afterWrite)
    {
        foreach (Member member in configurations.Latest.Members)
        {
            if (member.Id == id || !configurations.Latest.IsVoter(member.Id)) continue;
            Send(new Message
            {
                Kind = kind, From = id, To = member.Id, Term = askedTerm, LogIndex = log.LastIndex, LogTerm = log.LastTerm,
                IsTransfer = isTransfer, AfterWrite = afterWrite,
            });
        }
    }

    private void CountOwnVote()
    {
        if (vote != id) return;
        tally.Record(id, true);
        ActOnVotes();
    }

    private void AnswerPreVote(Message message)
    {
        bool isGranted = !IsLeaderHeard && message.Term > term && IsUpToDate(message);
        Send(new Message
        {
            Kind = MessageKind.PreVoteAnswer, From = id, To = message.From, Term = isGranted ? message.Term : term, IsRejected = !isGranted,
        });
    }

    private void AnswerVote(Message message)
    {
        bool isFree = vote == message.From || (vote.IsNone && leader.IsNone);
        bool isGranted = isFree && IsUpToDate(message);
        if (isGranted)
        {
            if (vote != message.From)
            {
                vote = message.From;
                isHardStateDirty = true;
            }

            ResetElectionTimer(); // the one we voted for gets its time
        }

        // A vote implies the log it was judged by, so it waits for all of it.
        ulong after = isGranted ? AfterAllWrites : AfterHardState;
        Send(new Message { Kind = MessageKind.VoteAnswer, From = id, To = message.From, Term = term, IsRejected = !isGranted, AfterWrite = after });
    }

    private void TakePreVoteAnswer(Message message)
    {
        if (role != Role.PreCandidate) return;
        if (!message.IsRejected && message.Term != term + 1) return; // of an earlier round
        tally.Record(message.From, !message.IsRejected);
        switch (CountVotes())
        {
            case Verdict.Won: Campaign(isTransfer: false); break;
            case Verdict.Lost: LoseVote(); break;
        }
    }

    private void TakeVoteAnswer(Message message)
    {
        if (role != Role.Candidate) return;
        tally.Record(message.From, !message.IsRejected);
        ActOnVotes();
    }

    private void ActOnVotes()
    {
        switch (CountVotes())
        {
            case Verdict.Won: BecomeLeader(); break;
            case Verdict.Lost: LoseVote(); break;
        }
    }

    private Verdict CountVotes() => tally.Count(configurations.Latest);

    private void LoseVote()
    {
        BecomeFollower(term, leader: default);
        electionTimeoutTicks = random.Next(1, options.MaxRetryTicks + 1);
    }

    private void TakeTransfer(Message message)
    {
        if (role == Role.Leader || !configurations.Latest.IsVoter(id)) return;
        HearLeader(message.From);
        Campaign(isTransfer: true);
    }
}
