using System.Globalization;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Replication;

/// <summary>Who belongs to the shard: joins, promotion of learners, changed addresses, members that lost their data. Owned by the step.</summary>
internal sealed class MemberKeeper(
    RaftCore core, ITransport transport, PeerIdentity identity, ILogger logger, Action<Action> post, Func<SlotSet> slots)
{
    private const int MaxJoins = 64;
    private const int MaxMet = 256;
    private const int SilentTicks = 40;        // one election timeout
    private const long JoinTicks = 500;
    private const long NoticeEveryTicks = 25;
    private const long NoticeForTicks = 6_000; // a removed member is told so for a minute

    private static readonly Refusal TooManyMembers = new(
        RefusalCode.Overloaded, $"the shard has {Configuration.MaxMembers} members, which is the most; remove one first", RetryAfter: TimeSpan.FromSeconds(5));

    private static readonly Refusal NoQuorumLeft = new(
        RefusalCode.NoQuorum, "of the voters that would be left no majority is heard, and the shard would stand still: start them first, or remove those that are gone", RetryAfter: TimeSpan.FromSeconds(5));

    private static readonly Refusal JoinNotBegun = new(RefusalCode.NoQuorum, "the join could not be begun in time; ask again", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal JoinNotKnown = new(
        RefusalCode.Timeout, "the join was handed to the log and is not known to be committed: /cluster tells whether the node is a member; asking again does no harm");

    private static readonly Refusal JoinLost = new(
        RefusalCode.LeadershipLost, "leadership changed while the join was being committed: /cluster tells whether the node is a member; asking again does no harm");

    private static readonly Refusal NotKnownRemoved = new(
        RefusalCode.Timeout, "the removal was handed to the log and is not known to be committed: /cluster tells whether the node is still a member");

    private readonly Processes processes = new(core);
    private readonly CatchUp catchUp = new();
    private readonly List<JoinWork> joins = [];
    private readonly Dictionary<NodeId, PeerIdentity> met = [];
    private readonly Dictionary<NodeId, long> lost = []; // member → tick until which it is told
    private readonly Dictionary<NodeId, string> removed = []; // by an operator: → where it is told so
    private RemovalWork? removal;
    private long nowTick;
    private ulong muteTerm;
    private long nextNoticeTick;

    /// <summary>True while this node must not take part: it lost data and waits for its replacement (P7).</summary>
    public bool IsMute { get; private set; }

    /// <summary>Why no key request is served here, or null.</summary>
    public Refusal? NotServing { get; private set; }

    /// <summary>What an operator should know.</summary>
    public IEnumerable<string> Alarms
    {
        get
        {
            if (NotServing is { } why) yield return why.Detail;
            foreach (NodeId node in lost.Keys.Where(node => core.Configuration.Find(node) is not null)) yield return $"member {node} lost data that it had acknowledged; it is being replaced";
        }
    }

    /// <summary>Refuses all key requests from now on.</summary>
    public void StopServing(string why) => NotServing = new Refusal(RefusalCode.NotServing, why);

    /// <summary>Somebody of this shard dialled: the way back to it may be in no configuration that we have yet.</summary>
    public void Meet(PeerIdentity dialler)
    {
        if (met.TryGetValue(dialler.Node, out PeerIdentity? known) && known == dialler) return;
        if (met.Count >= MaxMet && known is null && core.Configuration.Find(dialler.Node) is null) return;
        met[dialler.Node] = dialler;
        ConnectPeers();
    }

    /// <summary>The configuration in force is another one now.</summary>
    public void ConfigurationChanged()
    {
        ConnectPeers();
        if (core.Configuration.Members.Length > 0) logger.ConfigurationChanged(core.Configuration, core.ConfigurationIndex); // else nobody told it yet
    }

    /// <summary>This node begins to lead.</summary>
    public void StartLeading()
    {
        processes.Restart();
        catchUp.Restart();
        lost.Clear();
        removed.Clear();
    }

    /// <summary>This node leads no more: joins under way must be asked for again.</summary>
    public void StopLeading(Refusal refusal)
    {
        foreach (JoinWork join in joins)
        {
            // What stands in the log may yet be committed by the next leader: "not applied" would not be the truth (P11).
            Refusal why = join.Index == 0 ? refusal : JoinLost;
            join.Answer(new JoinAnswer(why, JoinRefusal.None, "leadership changed while the join was under way; ask again"));
        }

        joins.Clear();
        lost.Clear();
        removed.Clear();
        EndRemoval(whyNot: new Refusal(
            RefusalCode.LeadershipLost, "leadership changed while the member was being removed: /cluster tells whether it is still one; ask again if it is"));
    }

    /// <summary>Whether a message may reach the core (P7).</summary>
    public bool MayBeHeard(Message message, ulong nonce, long tick)
    {
        if (core.Role != Role.Leader) return true;
        if (lost.ContainsKey(message.From)) return false;
        if (core.Configuration.Find(message.From) is null) TellRemoved(message.From, tick);
        switch (processes.Judge(message, nonce, tick))
        {
            case Hearing.Heard: return true;
            case Hearing.NotYet: return false;
            default:
                DeclareLost(message.From, tick, $"it holds entries up to {message.LogIndex} and had acknowledged up to {core.FindFollower(message.From)?.Match}");
                return false;
        }
    }

    /// <summary>A member's data cannot be trusted: it is told to be silent, and replaced.</summary>
    public void DeclareLost(NodeId member, long tick, string how)
    {
        if (!lost.TryAdd(member, tick + NoticeForTicks)) return;
        logger.MemberLostData(member, how);
        nextNoticeTick = tick;
    }

    /// <summary>This node was told that it lost data.</summary>
    public void BecomeMute(ulong term)
    {
        if (!IsMute) logger.BecameMute(identity.Node);
        (IsMute, muteTerm) = (true, Math.Max(term, muteTerm));
        StopServing("this node lost data that it had acknowledged; it stays silent until the others have replaced it, and then rejoins empty");
    }

    /// <summary>A mute member told this leader why it is silent: an earlier leader found out, and may not have replaced it, or not told it so.</summary>
    public void HearMute(NodeId member, long tick)
    {
        if (core.Configuration.Find(member) is null) TellRemoved(member, tick);
        else DeclareLost(member, tick, "it was told so by an earlier leader");
    }

    /// <summary>Somebody speaks as a member and is none any more: whoever removed it may have died before it could say so.</summary>
    private void TellRemoved(NodeId stranger, long tick)
    {
        // A deposed leader may know less than the stranger does; its term is then lower, and the notice counts for nothing.
        if (!core.HasCommittedInTerm || core.IsConfigurationChanging || !lost.TryAdd(stranger, tick + NoticeForTicks)) return;
        nextNoticeTick = tick;
        ConnectPeers();
    }

    /// <summary>Somebody of this shard seeks another node at this one's address: it goes by a configuration of long ago, perhaps of before the
    /// shard was recovered on one member, and must not go on by it. Whoever is no member is told so.</summary>
    public void MeetMistaken(PeerIdentity dialler)
    {
        if (core.Role != Role.Leader || core.Configuration.Find(dialler.Node) is not null || lost.ContainsKey(dialler.Node)) return;
        TellRemoved(dialler, nowTick);
    }

    /// <summary>Begins to remove a member, as an operator wants it: by joint consensus if it votes.</summary>
    public void Remove(NodeId node, TaskCompletionSource<MemberAnswer> answer, long tick)
    {
        Configuration present = core.Configuration;
        Member? member = present.Find(node);
        if (removal is not null || !core.HasCommittedInTerm || core.IsConfigurationChanging || !core.TakesProposals) answer.SetResult(MemberAnswer.ChangeUnderWay);
        else if (member is null && present.Removed.Contains(node)) answer.SetResult(MemberAnswer.Done($"node {node} was removed before"));
        else if (member is null) answer.SetResult(MemberAnswer.No(MemberRefusal.UnknownNode, $"node {node} is no member of shard {identity.Shard}"));
        else if (present.IsVoter(node) && present.Voters.Length == 1) answer.SetResult(MemberAnswer.No(MemberRefusal.LastVoter, $"node {node} is the only voter of shard {identity.Shard}: without it the shard's data would be lost"));
        else if (present.IsVoter(node) && !WouldHaveQuorum(present.Voters.Where(v => v != node))) answer.SetResult(MemberAnswer.Not(NoQuorumLeft));
        else
        {
            Configuration next = present.IsLearner(node) ? present.WithoutLearner(node) : present.EnterJoint([.. present.Voters.Where(v => v != node)]);
            if (core.ProposeConfiguration(next.WithRemoved(node)) == 0)
            {
                answer.SetResult(MemberAnswer.ChangeUnderWay);
                return;
            }

            removed[node] = member.RaftAddress;
            removal = new RemovalWork(node, answer, tick + JoinTicks);
            logger.Removes(node);
        }
    }

    /// <summary>A change whose second half cannot be committed would stop the shard: so it is not begun.</summary>
    private bool WouldHaveQuorum(IEnumerable<NodeId> voters)
    {
        NodeId[] left = [.. voters];
        return left.Count(IsAlive) > left.Length / 2;
    }

    private bool IsOut(NodeId node) => core.Configuration.Find(node) is null && core.ConfigurationIndex <= core.CommitIndex && !core.Configuration.IsJoint;

    private void EndRemoval(Refusal? whyNot)
    {
        if (removal is not { } work) return;
        if (IsOut(work.Node)) work.Answer.TrySetResult(MemberAnswer.Done($"node {work.Node} is no member of shard {identity.Shard} any more"));
        else if (whyNot is not null) work.Answer.TrySetResult(MemberAnswer.Not(whyNot));
        else return;
        removal = null;
    }

    private void TellRemoved(PeerIdentity stranger, long tick)
    {
        if (met.Count >= MaxMet && !met.ContainsKey(stranger.Node)) return;
        met[stranger.Node] = stranger;
        TellRemoved(stranger.Node, tick);
    }

    /// <summary>Those that an operator removed are told so when that is committed; until then they count in the old majority.</summary>
    private void TellThoseRemoved(long tick)
    {
        foreach (NodeId node in removed.Keys)
        {
            if (node != identity.Node && !lost.ContainsKey(node) && IsOut(node)) TellRemoved(node, tick);
        }
    }

    /// <summary>A mute node tells everybody why it is silent: its leader may be another by now, and a new one has to replace it as well.</summary>
    private void TellMembers(long tick)
    {
        if (tick < nextNoticeTick) return;
        nextNoticeTick = tick + NoticeEveryTicks;
        foreach (NodeId member in core.Configuration.Members.Select(m => m.Id).Union(met.Keys))
        {
            if (member != identity.Node)
                transport.Send(new LostDataNotice { To = member, From = identity.Node, Term = muteTerm, IsRemoved = false, ApiAddresses = [] });
        }
    }

    /// <summary>Takes up a join at the leader.</summary>
    public void Join(JoinRequest request, TaskCompletionSource<JoinAnswer> answer, long tick)
    {
        var join = new JoinWork(request, answer, tick + JoinTicks);
        if (joins.Count >= MaxJoins)
        {
            join.Answer(new JoinAnswer(new Refusal(RefusalCode.Overloaded, "too many joins wait"), JoinRefusal.None, "too many joins wait"));
            return;
        }

        joins.Add(join);
        transport.ProbeAsync(request.RaftAddress).ContinueWith(
            probe => post(() => Probed(join, probe.Status == TaskStatus.RanToCompletion ? probe.Result : null)),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Entries up to here are applied.</summary>
    public void Applied(ulong index)
    {
        for (int i = 0; i < joins.Count; i++)
        {
            JoinWork join = joins[i];
            if (join.Index == 0 || join.Index > index) continue;
            join.Answer(Welcome(join.Met!.Node));
            joins.RemoveAt(i--);
        }
    }

    /// <summary>Time passed.</summary>
    public void Tick(long tick)
    {
        nowTick = tick;
        EndRemoval(removal?.DeadlineTick <= tick ? NotKnownRemoved : null);
        for (int i = joins.Count - 1; i >= 0; i--)
        {
            if (!joins[i].IsAnswered && joins[i].DeadlineTick > tick) continue;
            joins[i].Answer(new JoinAnswer(joins[i].Index == 0 ? JoinNotBegun : JoinNotKnown, JoinRefusal.None, "the join was not committed in time; ask again"));
            joins.RemoveAt(i);
        }

        if (IsMute) TellMembers(tick);
        if (core.Role != Role.Leader) return;
        foreach (FollowerStatus follower in core.Followers)
        {
            if (follower.HasDenied) DeclareLost(follower.Node, tick, $"it denies entries up to {follower.Match}, which it had acknowledged");
        }

        TellThoseRemoved(tick);
        SendNotices(tick);
        if (!core.HasCommittedInTerm || core.IsConfigurationChanging || !core.TakesProposals) return;
        _ = ReplaceLost() || Promote(tick) || AdmitNext() || CorrectOwnAddress();
    }

    private void SendNotices(long tick)
    {
        if (lost.Count == 0 || tick < nextNoticeTick) return;
        nextNoticeTick = tick + NoticeEveryTicks;
        List<string> addresses = [.. core.Configuration.Members.Where(m => !lost.ContainsKey(m.Id)).Select(m => m.ApiAddress)];
        foreach ((NodeId member, long untilTick) in lost)
        {
            bool isRemoved = core.Configuration.Find(member) is null && !core.IsConfigurationChanging;
            if (isRemoved && tick > untilTick)
            {
                lost.Remove(member);
                removed.Remove(member);
                continue;
            }

            transport.Send(new LostDataNotice
            {
                To = member, From = identity.Node, Term = core.Term, IsRemoved = isRemoved, IsByOperator = isRemoved && core.Configuration.Removed.Contains(member),
                ApiAddresses = addresses,
            });
        }
    }

    private bool ReplaceLost()
    {
        Configuration present = core.Configuration;
        foreach (NodeId member in lost.Keys)
        {
            if (present.IsLearner(member)) return core.ProposeConfiguration(present.WithoutLearner(member)) != 0;
            if (!present.IsVoter(member) || present.Voters.Length == 1) continue;
            return core.ProposeConfiguration(present.EnterJoint([.. present.Voters.Where(v => v != member)])) != 0;
        }

        return false;
    }

    /// <summary>A learner that keeps up becomes a voter; a member that it replaces (the same raft address) goes in the same change.</summary>
    private bool Promote(long tick)
    {
        Configuration present = core.Configuration;
        foreach (NodeId learner in present.Learners)
        {
            if (lost.ContainsKey(learner) || core.FindFollower(learner) is not { } status || !catchUp.IsCaughtUp(status, core.LastIndex, tick)) continue;
            string address = present.Find(learner)!.RaftAddress;
            IEnumerable<NodeId> staying = present.Voters.Where(v => present.Find(v)!.RaftAddress != address);
            if (core.ProposeConfiguration(present.EnterJoint([.. staying, learner])) == 0) return false;
            logger.Promotes(learner);
            return true;
        }

        return false;
    }

    private bool AdmitNext()
    {
        foreach (JoinWork join in joins)
        {
            if (join.Met is null || join.Index != 0) continue;
            Configuration present = core.Configuration;
            if (IsFull(present) && present.Find(join.Met.Node) is null)
            {
                join.Answer(new JoinAnswer(TooManyMembers, JoinRefusal.None, TooManyMembers.Detail));
                continue;
            }

            var member = new Member(join.Met.Node, join.Request.RaftAddress, join.Request.ApiAddress ?? join.Met.ApiAddress);
            foreach (NodeId old in present.Learners.Where(l => l != member.Id && present.Find(l)!.RaftAddress == member.RaftAddress))
                present = present.WithoutLearner(old);
            join.Index = core.ProposeConfiguration(present.WithLearnerOrAddresses(member));
            return join.Index != 0;
        }

        return false;
    }

    /// <summary>A node that came back under another address and leads (a lone voter): it says so itself.</summary>
    private bool CorrectOwnAddress()
    {
        if (core.Configuration.Find(identity.Node) is not { } own) return false;
        if (own.RaftAddress == identity.RaftAddress && own.ApiAddress == identity.ApiAddress) return false;
        return core.ProposeConfiguration(core.Configuration.WithLearnerOrAddresses(new Member(identity.Node, identity.RaftAddress, identity.ApiAddress))) != 0;
    }

    private void Probed(JoinWork join, PeerIdentity? met)
    {
        if (join.IsAnswered) return;
        JoinRequest request = join.Request;
        if (met is null) join.Refuse(JoinRefusal.NotReachable, $"nobody answered at {request.RaftAddress}; the leader must reach the joiner there");
        else if (!request.Node.IsNone && met.Node != request.Node)
            join.Refuse(AddressRefusal(request.RaftAddress), $"at {request.RaftAddress} is node {met.Node}, not {request.Node}");
        else if (!met.Shard.IsNone && met.Shard != identity.Shard)
            join.Refuse(JoinRefusal.WrongShard, $"node {met.Node} at {request.RaftAddress} belongs to shard {met.Shard}, not to {identity.Shard}");
        else Admit(join, met);
    }

    private void Admit(JoinWork join, PeerIdentity joiner)
    {
        Configuration present = core.Configuration;
        Member? same = present.Find(joiner.Node);
        Member? holder = present.Members.FirstOrDefault(m => m.RaftAddress == join.Request.RaftAddress && m.Id != joiner.Node);
        string api = join.Request.ApiAddress ?? joiner.ApiAddress;
        if (same is null && IsFull(present)) join.Answer(new JoinAnswer(TooManyMembers, JoinRefusal.None, TooManyMembers.Detail));
        else if (same is null && !joiner.Shard.IsNone)
        {
            // It is told so over the raft port as well, and then sets its data aside by itself: not an end, it asks again.
            if (present.Removed.Contains(joiner.Node)) TellRemoved(joiner, nowTick); // then it ends; it may not find that port by itself
            string words = $"node {joiner.Node} was removed from this shard; it joins again when its data folder is set aside";
            join.Answer(new JoinAnswer(new Refusal(RefusalCode.NotServing, words, RetryAfter: TimeSpan.FromSeconds(1)), JoinRefusal.None, words));
        }
        else if (holder is not null && IsAlive(holder.Id))
            join.Refuse(JoinRefusal.AddressInUse, $"{holder.RaftAddress} is the address of member {holder.Id}, which was heard a moment ago");
        else if (same is not null && same.RaftAddress == join.Request.RaftAddress && same.ApiAddress == api && core.ConfigurationIndex <= core.CommitIndex)
            join.Answer(Welcome(joiner.Node)); // asked again
        else join.Met = joiner;
    }

    private static bool IsFull(Configuration present) => present.Members.Length >= Configuration.MaxMembers;

    private JoinRefusal AddressRefusal(string address) =>
        core.Configuration.Members.Any(m => m.RaftAddress == address) ? JoinRefusal.AddressInUse : JoinRefusal.NotReachable;

    private bool IsAlive(NodeId member) => member == identity.Node || core.FindFollower(member) is { } follower && follower.SilentTicks < SilentTicks;

    private JoinAnswer Welcome(NodeId node)
    {
        string words = string.Create(CultureInfo.InvariantCulture, $"node {node} is a member; it votes by itself when it has caught up");
        return new JoinAnswer(null, JoinRefusal.None, words, identity.Cluster, identity.Shard, node) { Slots = slots() };
    }

    private void ConnectPeers()
    {
        Configuration present = core.Configuration;
        bool isMember = present.Find(identity.Node) is not null;
        var peers = new Dictionary<NodeId, string>();
        foreach ((NodeId node, string address) in removed) peers[node] = address;
        foreach (Member member in present.Members) peers[member.Id] = member.RaftAddress;
        foreach ((NodeId node, PeerIdentity peer) in met)
        {
            // The configuration here may be old, or none yet: who dialled us is reached where it says. Strangers to it are left once we are in it.
            if (peers.ContainsKey(node) || !isMember || lost.ContainsKey(node)) peers[node] = peer.RaftAddress;
        }

        peers.Remove(identity.Node);
        transport.SetPeers([.. peers.Select(p => new PeerAddress(p.Key, p.Value))]);
    }
}
