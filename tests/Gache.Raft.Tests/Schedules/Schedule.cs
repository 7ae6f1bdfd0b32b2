using System.Globalization;
using Gache.Primitives;

namespace Gache.Raft.Tests;

/// <summary>One random history from one seed: what is delivered, lost, doubled, completed, crashed, proposed and changed, and how often.</summary>
internal sealed class Schedule
{
    private const int Spares = 2;

    private static readonly RaftOptions Options = new()
    {
        HeartbeatTicks = 3, MinElectionTicks = 6, MaxElectionTicks = 12, MaxRetryTicks = 4, MaxDisconnectTicks = 2,
        MaxInflightMessages = 4, MaxUncommittedBytes = 2000,
    };

    private readonly Random random;
    private readonly Group group;
    private readonly int voters;
    private readonly List<(int Weight, Action Act)> actions;
    private readonly int totalWeight;
    private readonly HashSet<(NodeId, NodeId)> cut = [];
    private readonly int reordering;
    private readonly int deliveries;
    private int proposals;

    public Schedule(int seed)
    {
        random = new Random(seed);
        voters = random.Next(2) == 0 ? 3 : 5;
        RaftOptions options = Options with { MaxCacheBytes = random.Next(2) * 400, MaxEntriesPerMessage = random.Next(2) == 0 ? 1 : 4 };
        group = new Group(voters + Spares, options, number => new Random((seed * 31) + number));
        group.Found(voters);
        deliveries = random.Next(1, 8);
        int churn = 3 << random.Next(6); // from a crash in a thousand steps to one in ten
        reordering = random.Next(3) * 40; // per cent of deliveries out of order
        actions =
        [
            (500, DeliverSome), (Some(200), CompleteSome), (Some(200), TickOne), (Some(100), Propose), (Swing(30), Read),
            (Swing(20), DropOne), (Swing(20), DoubleOne), (Swing(churn), Crash), (4 * churn, Restart), (Swing(churn), Topple), (Swing(8), ChangeConfiguration),
            (Swing(4), Transfer), (Swing(10), TakeSnapshot), (Swing(6), CloseConnection), (60, AnswerFetch), (Swing(5), Cut), (12, Mend),
        ];
        totalWeight = actions.Sum(action => action.Weight);
    }

    public Group Group => group;

    public int StepsDone { get; private set; }

    public string Summary { get; private set; } = "";

    /// <summary>Runs, then heals everything and asks for progress.</summary>
    public void Run(int steps)
    {
        for (StepsDone = 0; StepsDone < steps; StepsDone++)
        {
            int drawn = random.Next(totalWeight);
            foreach ((int weight, Action act) in actions)
            {
                if ((drawn -= weight) >= 0) continue;
                act();
                break;
            }

            if (StepsDone % 64 == 0) group.Nodes.ForEach(Figure3.CheckWhole);
        }

        group.Nodes.ForEach(Figure3.CheckWhole);
        Heal();
        Summary = string.Create(
            CultureInfo.InvariantCulture, $"{group.Properties.Leaders} leaders, {group.Properties.HighestCommit} committed, {proposals} proposed");
    }

    private List<Node> Up => group.Nodes.FindAll(node => node.Core is not null);

    // Each history has its own mixture: some kinds of trouble are left out, others are frequent.
    private int Swing(int weight) => weight * random.Next(0, 5) / 2;

    private int Some(int weight) => weight * random.Next(1, 5) / 2;

    private void DeliverSome()
    {
        for (int i = random.Next(1, deliveries + 1); i > 0; i--) DeliverOne();
    }

    private void DeliverOne()
    {
        if (group.Pool.Count == 0) return;
        Parcel parcel = Take(random.Next(100) < reordering ? random.Next(group.Pool.Count) : 0);
        if (cut.Contains((parcel.From, parcel.To))) group.Drop(parcel);
        else group.Deliver(parcel);
    }

    private Parcel Take(int at)
    {
        Parcel parcel = group.Pool[at];
        group.Pool.RemoveAt(at);
        return parcel;
    }

    private void DropOne()
    {
        if (group.Pool.Count > 0) group.Drop(Take(random.Next(group.Pool.Count)));
    }

    private void DoubleOne()
    {
        if (group.Pool.Count == 0) return;
        Parcel parcel = group.Pool[random.Next(group.Pool.Count)];
        if (parcel.Message is not null) group.Pool.Add(parcel);
    }

    private void CompleteSome()
    {
        if (Pick(Up.FindAll(node => node.Disk.Pending > 0)) is { } node) group.CompleteWrites(node, random.Next(1, 4));
    }

    private void TickOne()
    {
        if (Pick(Up) is not { } node) return;
        for (int i = random.Next(1, 7); i > 0 && node.Core is not null; i--) group.Do(node, core => core.Tick());
    }

    private void Propose()
    {
        if (PickLeader() is { } node) group.Do(node, core => core.Propose(BitConverter.GetBytes(++proposals)));
    }

    private void Read()
    {
        if (PickLeader() is { } node) group.Read(node);
    }

    private void Crash()
    {
        // A minority at most is down for long: Restart is more frequent.
        if (Pick(Up) is not { } node) return;
        group.Crash(node, random.Next(2) == 0 ? 0 : random.Next(node.Disk.PendingRecords + 1));
        if (random.Next(2) != 0) return;
        foreach (Node other in Up) group.Do(other, core => core.PeerDisconnected(node.Id));
    }

    private void Restart()
    {
        if (Pick(group.Nodes.FindAll(node => node.Core is null)) is { } node) group.Restart(node);
    }

    private void ChangeConfiguration()
    {
        if (PickLeader() is not { } node) return;
        Configuration present = node.Up.Configuration;
        Configuration next;
        NodeId any = group.Nodes[random.Next(group.Nodes.Count)].Id;
        if (present.Find(any) is null)
        {
            next = present.WithLearnerOrAddresses(Group.MemberOf((int)(ulong)any.Value));
        }
        else if (present.IsLearner(any))
        {
            next = random.Next(4) == 0 ? present.WithoutLearner(any) : present.EnterJoint([.. present.Voters, any]);
        }
        else
        {
            // Out with one, perhaps in with learners at the same time (replacement).
            List<NodeId> kept = [.. present.Voters.Where(id => id != any), .. random.Next(2) == 0 ? present.Learners : []];
            if (kept.Count < 2) return;
            next = present.EnterJoint(kept);
        }

        if (present.IsJoint) return;
        group.Do(node, core => core.ProposeConfiguration(next));
    }

    private void Transfer()
    {
        if (PickLeader() is { } node) group.Do(node, core => core.TransferLeadership());
    }

    private void TakeSnapshot()
    {
        if (Pick(Up) is { } node) group.TakeSnapshot(node, keep: random.Next(0, 6));
    }

    private void CloseConnection()
    {
        if (Pick(Up) is not { } node) return;
        NodeId peer = group.Nodes[random.Next(group.Nodes.Count)].Id;
        if (peer == node.Id) return;
        group.Do(node, core => core.PeerDisconnected(peer));
        if (random.Next(2) == 0) group.Do(node, core => core.PeerConnected(peer));
    }

    /// <summary>Everybody's connection to a leader closes, and somebody's time runs out.</summary>
    private void Topple()
    {
        if (PickLeader() is not { } leader) return;
        foreach (Node node in Up.Where(node => node != leader && random.Next(4) > 0)) group.Do(node, core => core.PeerDisconnected(leader.Id));
        TickOne();
    }

    private void AnswerFetch()
    {
        if (Pick(Up.FindAll(node => node.Fetches.Count > 0)) is { } node) group.AnswerFetch(node, random.Next(node.Fetches.Count));
    }

    private void Cut()
    {
        Node one = group.Nodes[random.Next(group.Nodes.Count)];
        bool isBothWays = random.Next(3) > 0;
        foreach (Node other in group.Nodes.Where(other => other != one && random.Next(4) > 0))
        {
            cut.Add((one.Id, other.Id));
            if (isBothWays) cut.Add((other.Id, one.Id));
        }
    }

    private void Mend() => cut.Clear();

    private Node? PickLeader() => Pick(Up.FindAll(node => node.Up.Role == Role.Leader));

    private T? Pick<T>(List<T> from) where T : class => from.Count == 0 ? null : from[random.Next(from.Count)];

    /// <summary>Everything works again: within bounded ticks there is a leader, it commits, and all its members follow.</summary>
    private void Heal()
    {
        const int Ticks = 400;
        cut.Clear();
        foreach (Node node in group.Nodes.Where(node => node.Core is null)) group.Restart(node);
        ulong wanted = 0;
        for (int tick = 0; tick < Ticks; tick++)
        {
            foreach (Node node in group.Nodes) group.Do(node, core => core.Tick());
            DeliverAll();
            Node? leader = group.Nodes.Find(node => node.Up.HasCommittedInTerm && node.Up.TakesProposals);
            if (wanted == 0 && leader is not null) group.Do(leader, core => wanted = core.Propose("healed"u8.ToArray()));
            if (wanted != 0 && leader is not null && leader.Up.Configuration.Members.All(m => group.Find(m.Id).Applied >= wanted)) return;
        }

        throw new InvariantBrokenException($"liveness: {Ticks} ticks after all is healed, {(wanted == 0 ? "nobody leads" : $"{wanted} is not applied everywhere")}\n{Describe()}");
    }

    private string Describe() => string.Join('\n', group.Nodes.Select(node =>
        $"{node.Number}: {node.Up.Role} term {node.Up.Term}, log {node.Up.FirstIndex}-{node.Up.LastIndex}, durable {node.Up.DurableIndex}, "
        + $"commit {node.Up.CommitIndex}, applied {node.Applied}, {string.Join(" ", node.Up.Configuration.Voters.Select(v => (ulong)v.Value))} / {string.Join(" ", node.Up.Configuration.Outgoing.Select(v => (ulong)v.Value))} from {node.Up.ConfigurationIndex}, {string.Join("; ", node.Up.Followers.Select(f => $"{(ulong)f.Node.Value} match {f.Match}{(f.NeedsSnapshot ? " snapshot" : "")}"))}"));

    private void DeliverAll()
    {
        for (int round = 0; round < 10_000; round++)
        {
            bool isQuiet = group.Pool.Count == 0;
            if (!isQuiet) group.Deliver(Take(0));
            foreach (Node node in group.Nodes)
            {
                if (node.Disk.Pending > 0)
                {
                    isQuiet = false;
                    group.CompleteWrites(node, node.Disk.Pending);
                }

                if (node.Fetches.Count > 0)
                {
                    isQuiet = false;
                    group.AnswerFetch(node);
                }
            }

            if (isQuiet) return;
        }

        throw new InvariantBrokenException($"liveness: the nodes never stop talking within one tick: {string.Join("\n", group.Pool.Take(20).Select(p => $"{p.From.Value}->{p.To.Value} {p.Message} {p.Snapshot?.Mark}"))}\n{Describe()}");
    }
}
