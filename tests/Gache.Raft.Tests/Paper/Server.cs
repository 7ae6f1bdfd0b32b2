using Gache.Primitives;

namespace Gache.Raft.Tests;

/// <summary>One core with a disk, alone with messages that a test makes up: it is number 1, and each call tells it one thing.</summary>
internal sealed class Server
{
    private readonly Disk disk = new();
    private readonly Outputs outputs = new();

    /// <summary>A server whose log has entries of these terms, of which the first is the configuration.</summary>
    public Server(ulong[]? log = null, ulong term = 0, int voters = 3, int[]? learners = null, int vote = 0, int seed = 1)
    {
        ulong[] terms = log ?? [1];
        byte[] configuration = Group.ConfigurationOf(Enumerable.Range(1, voters), learners).Encode();
        disk.Preset(
            new HardState(Math.Max(term, terms[^1]), vote == 0 ? default : Id(vote)),
            terms.Select((t, at) => new Entry((ulong)at + 1, t, at == 0 ? EntryKind.Configuration : EntryKind.Command, at == 0 ? configuration : Payload)));
        Core = new RaftCore(Id(1), disk.Durable.ToStart(), Options, new Random(seed));
    }

    public static RaftOptions Options { get; } = new();

    public RaftCore Core { get; private set; }

    /// <summary>While true, writes wait for <see cref="Sync"/>.</summary>
    public bool IsDiskSlow { get; set; }

    /// <summary>What left since <see cref="Clear"/>.</summary>
    public List<Message> Sent { get; } = [];

    /// <summary>What waits for the disk.</summary>
    public List<Message> Held { get; } = [];

    /// <summary>The reads confirmed since <see cref="Clear"/>.</summary>
    public List<ConfirmedReads> Reads { get; } = [];

    /// <summary>The followers that a snapshot was wanted for since <see cref="Clear"/>.</summary>
    public List<NodeId> SnapshotsWanted { get; } = [];

    /// <summary>The terms of the log's entries.</summary>
    public ulong[] Log => [.. disk.Written.Entries.Select(entry => entry.Term)];

    public IReadOnlyList<Entry> Entries => disk.Written.Entries;

    /// <summary>What a crash would leave of term and vote.</summary>
    public HardState DurableState => disk.Durable.HardState;

    private static ReadOnlyMemory<byte> Payload { get; } = "x"u8.ToArray();

    public static NodeId Id(int number) => Group.IdOf(number);

    /// <summary>A server that has just won term <paramref name="term"/> by the votes of a bare majority, with its no-op on its own disk only.</summary>
    public static Server Leader(ulong term = 2, ulong[]? log = null, int voters = 3, int[]? learners = null)
    {
        Server server = Candidate(term, log, voters, learners);
        for (int voter = 2; voter <= (voters / 2) + 1; voter++) server.Step(VoteAnswer(voter, term));
        server.Clear();
        return server;
    }

    /// <summary>A server that stands in a term, with its own vote synced.</summary>
    public static Server Candidate(ulong term = 2, ulong[]? log = null, int voters = 3, int[]? learners = null)
    {
        Server server = PreCandidate(term, log, voters, learners);
        for (int voter = 2; voter <= (voters / 2) + 1; voter++) server.Step(VoteAnswer(voter, term) with { Kind = MessageKind.PreVoteAnswer });
        return server;
    }

    /// <summary>A server that asks whether it would win a term.</summary>
    public static Server PreCandidate(ulong term = 2, ulong[]? log = null, int voters = 3, int[]? learners = null)
    {
        var server = new Server(log, term - 1, voters, learners);
        server.TickUntilItStands();
        return server;
    }

    public static Message Append(int from, ulong term, ulong after, ulong afterTerm, ulong commit, params ulong[] entries) => new()
    {
        Kind = MessageKind.Append, From = Id(from), To = Id(1), Term = term, LogIndex = after, LogTerm = afterTerm, Commit = commit,
        Entries = entries.Select((t, at) => new Entry(after + (ulong)at + 1, t, EntryKind.Command, Payload)).ToArray(),
    };

    public static Message AppendAnswer(int from, ulong term, ulong index) =>
        new() { Kind = MessageKind.AppendAnswer, From = Id(from), To = Id(1), Term = term, LogIndex = index };

    public static Message Heartbeat(int from, ulong term, ulong commit = 0, ulong round = 0) =>
        new() { Kind = MessageKind.Heartbeat, From = Id(from), To = Id(1), Term = term, Commit = commit, Round = round };

    public static Message HeartbeatAnswer(int from, ulong term, ulong round = 0) =>
        new() { Kind = MessageKind.HeartbeatAnswer, From = Id(from), To = Id(1), Term = term, Round = round };

    public static Message Vote(int from, ulong term, ulong lastIndex, ulong lastTerm, bool isTransfer = false) =>
        new() { Kind = MessageKind.Vote, From = Id(from), To = Id(1), Term = term, LogIndex = lastIndex, LogTerm = lastTerm, IsTransfer = isTransfer };

    public static Message VoteAnswer(int from, ulong term, bool isRejected = false) =>
        new() { Kind = MessageKind.VoteAnswer, From = Id(from), To = Id(1), Term = term, IsRejected = isRejected };

    public void Step(Message message) => Do(core => core.Step(message));

    public void Tick(int ticks = 1)
    {
        for (int tick = 0; tick < ticks; tick++) Do(core => core.Tick());
    }

    /// <summary>Ticks until it asks for pre-votes (or leads, if it is alone), and says how long that took.</summary>
    public int TickUntilItStands()
    {
        for (int tick = 1; tick <= Options.MaxElectionTicks; tick++)
        {
            Tick();
            if (Core.Role != Role.Follower) return tick;
        }

        throw new InvariantBrokenException("nobody was heard for the longest election timeout, and it does not stand");
    }

    /// <summary>One input, and all that follows from it.</summary>
    public void Do(Action<RaftCore> input)
    {
        input(Core);
        Drain();
        if (!IsDiskSlow) Sync();
    }

    /// <summary>Makes all writes durable, one after the other.</summary>
    public void Sync()
    {
        while (disk.Pending > 0) SyncOne();
    }

    public void SyncOne()
    {
        (ulong write, ulong lastIndex, ulong lastTerm) = disk.CompleteNext();
        Core.Durable(write, lastIndex, lastTerm);
        Sent.AddRange(Held.Where(message => message.AfterWrite <= write));
        Held.RemoveAll(message => message.AfterWrite <= write);
        Drain();
    }

    /// <summary>Power fails and comes back.</summary>
    public void Restart()
    {
        disk.Crash();
        Held.Clear();
        Clear();
        Core = new RaftCore(Id(1), disk.Durable.ToStart(), Options, new Random(1));
    }

    public void Clear()
    {
        Sent.Clear();
        Reads.Clear();
        SnapshotsWanted.Clear();
    }

    /// <summary>What was sent of one kind since <see cref="Clear"/>.</summary>
    public List<Message> SentOf(MessageKind kind) => Sent.FindAll(message => message.Kind == kind);

    private void Drain()
    {
        do
        {
            Core.Drain(outputs);
            if (outputs.WriteNumber != 0) disk.Add(new Write(outputs.WriteNumber, outputs.HardState, outputs.Snapshot, 1, outputs.Entries));
            foreach (Message message in outputs.Messages) (message.AfterWrite > Core.DurableWrite ? Held : Sent).Add(message);
            Reads.AddRange(outputs.Reads);
            SnapshotsWanted.AddRange(outputs.SnapshotsWanted);
            foreach (Fetch fetch in outputs.Fetches.ToArray())
                Core.Fetched(fetch.Follower, disk.Written.Entries.Where(e => e.Index >= fetch.First && e.Index <= fetch.Last).ToArray());
        }
        while (outputs.Fetches.Count > 0);
    }
}
