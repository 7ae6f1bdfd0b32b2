using Gache.Primitives;

namespace Gache.Raft.Tests;

/// <summary>What is under way between two nodes: a message, or a whole snapshot.</summary>
internal sealed record Parcel(NodeId From, NodeId To, Message? Message, StoredSnapshot? Snapshot);

/// <summary>
/// Some cores with simulated disks and a pool of messages, in one thread: every delivery, completion, tick and crash is a call. After each of
/// them the properties of <see cref="Figure3"/> are checked.
/// </summary>
internal sealed class Group
{
    private readonly Figure3 properties;

    public Group(int nodes, RaftOptions options, Func<int, Random> randomOf)
    {
        for (int number = 1; number <= nodes; number++) Nodes.Add(new Node(IdOf(number), options, randomOf(number)));
        properties = new Figure3(Nodes);
    }

    public List<Node> Nodes { get; } = [];

    /// <summary>What was sent and neither delivered nor dropped, oldest first.</summary>
    public List<Parcel> Pool { get; } = [];

    /// <summary>Makes every write durable at once: for stories in which the disk plays no part.</summary>
    public HashSet<Node> FastDisks { get; } = [];

    /// <summary>Called for what a story prints: confirmed reads, wanted snapshots.</summary>
    public Action<Node, string>? Noticed { get; set; }

    public Figure3 Properties => properties;

    public Node this[int number] => Nodes[number - 1];

    public Node Find(NodeId id) => this[(int)(ulong)id.Value];

    public static NodeId IdOf(int number) => new((UInt128)(uint)number);

    public static Configuration ConfigurationOf(IEnumerable<int> voters, IEnumerable<int>? learners = null)
    {
        int[] v = [.. voters], l = [.. learners ?? []];
        return new Configuration(v.Concat(l).Select(MemberOf), v.Select(IdOf), null, l.Select(IdOf));
    }

    public static Member MemberOf(int number) => new(IdOf(number), $"n{number}:7000", $"n{number}:8000");

    /// <summary>Gives the voters a log that begins with their configuration, as if they had always been a group, and starts all nodes.</summary>
    public void Found(int voters)
    {
        byte[] configuration = ConfigurationOf(Enumerable.Range(1, voters)).Encode();
        foreach (Node node in Nodes.Take(voters))
        {
            if (node.Disk.Durable.LastIndex == 0)
                node.Disk.Preset(new HardState(1, default), [new Entry(1, 1, EntryKind.Configuration, configuration)]);
        }

        properties.Founded(new Entry(1, 1, EntryKind.Configuration, configuration));
        foreach (Node node in Nodes) node.Start();
    }

    /// <summary>One input to one core, and all that follows from it at once.</summary>
    public void Do(Node node, Action<RaftCore> input)
    {
        input(node.Up);
        Settle(node);
        while (FastDisks.Contains(node) && node.Core is not null && node.Disk.Pending > 0) CompleteWrites(node, 1);
    }

    /// <summary>Makes the oldest writes durable, and tells the core of the last of them only, as a log that syncs many at once does.</summary>
    public void CompleteWrites(Node node, int count)
    {
        (ulong Write, ulong LastIndex, ulong LastTerm) durable = default;
        for (int i = 0; i < count && node.Disk.Pending > 0; i++) durable = node.Disk.CompleteNext();
        if (durable.Write == 0) return;
        node.Up.Durable(durable.Write, durable.LastIndex, durable.LastTerm);
        foreach (Message message in node.Held.Where(m => m.AfterWrite <= durable.Write)) Post(message);
        node.Held.RemoveAll(m => m.AfterWrite <= durable.Write);
        Settle(node);
    }

    public void Deliver(Parcel parcel)
    {
        Node to = Find(parcel.To);
        if (to.Core is null)
        {
            Drop(parcel);
            return;
        }

        if (parcel.Message is { } message) Do(to, core => core.Step(message));
        else if (parcel.Snapshot is { } snapshot) Install(to, snapshot);
    }

    public void Drop(Parcel parcel)
    {
        // The sender of a snapshot knows that it did not arrive.
        Node from = Find(parcel.From);
        if (parcel.Snapshot is not null && from.Core is not null) Do(from, core => core.SnapshotFailed(parcel.To));
    }

    public void Crash(Node node, int survivingRecords = 0)
    {
        node.Crash(survivingRecords);
        properties.Crashed(node);
    }

    public void Restart(Node node)
    {
        node.Start();
        Do(node, _ => { });
        foreach (Node other in Nodes.Where(other => other.Core is not null && other != node)) Do(other, core => core.PeerConnected(node.Id));
    }

    public ulong Read(Node node)
    {
        ulong round = 0;
        ulong floor = properties.HighestCommit;
        Do(node, core =>
        {
            round = core.RequestRead();
            if (round != 0) node.Reads.Add((round, floor));
        });
        return round;
    }

    /// <summary>Takes a snapshot of the applied state and keeps some entries before it.</summary>
    public void TakeSnapshot(Node node, int keep)
    {
        ulong index = node.Applied;
        if (index <= node.Up.SnapshotIndex) return;
        var mark = new SnapshotMark(index, node.Up.TermAt(index)!.Value, node.Up.ConfigurationAt(index));
        node.Snapshots[index] = new StoredSnapshot(mark, node.StateHash);
        ulong keepFrom = index + 1 > (ulong)keep ? index + 1 - (ulong)keep : 1;
        node.KeepFrom = Math.Max(node.KeepFrom, keepFrom);
        Do(node, core => core.SnapshotTaken(mark, keepFrom));
    }

    /// <summary>Reads from disk what the core asked for on behalf of a follower.</summary>
    public void AnswerFetch(Node node, int at = 0)
    {
        Fetch fetch = node.Fetches[at];
        node.Fetches.RemoveAt(at);
        var found = new List<Entry>();
        long bytes = 0;
        for (ulong i = fetch.First; i <= fetch.Last && i > node.Disk.Written.BaseIndex && i <= node.Disk.Written.LastIndex; i++)
        {
            Entry entry = node.Disk.Written[i];
            bytes += entry.Weight;
            if (found.Count > 0 && bytes > fetch.MaxBytes) break;
            found.Add(entry);
        }

        Do(node, core => core.Fetched(fetch.Follower, found.ToArray()));
    }

    private void Install(Node node, StoredSnapshot snapshot)
    {
        node.Snapshots[snapshot.Mark.Index] = snapshot;
        Do(node, core =>
        {
            if (!core.InstallSnapshot(snapshot.Mark)) return;
            (node.Applied, node.StateHash) = (snapshot.Mark.Index, snapshot.StateHash);
            node.KeepFrom = snapshot.Mark.Index + 1;
            properties.Loaded(node, snapshot);
        });
    }

    private void Settle(Node node)
    {
        RaftCore core = node.Up;
        Outputs outputs = node.Outputs;
        core.Drain(outputs);
        if (outputs.WriteNumber != 0)
        {
            var write = new Write(outputs.WriteNumber, outputs.HardState, outputs.Snapshot, node.KeepFrom, outputs.Entries);
            properties.Writing(node, write);
            node.Disk.Add(write);
        }

        foreach (Message message in outputs.Messages)
        {
            if (message.AfterWrite > core.DurableWrite) node.Held.Add(message);
            else Post(message);
        }

        node.Fetches.AddRange(outputs.Fetches);
        foreach (NodeId follower in outputs.SnapshotsWanted) SendSnapshot(node, follower);
        properties.Check(node);
        Serve(node, outputs.Reads);
        Apply(node);
    }

    private void Post(Message message) => Pool.Add(new Parcel(message.From, message.To, message, null));

    private void SendSnapshot(Node from, NodeId to)
    {
        StoredSnapshot snapshot = from.Snapshots[from.Up.SnapshotIndex];
        Noticed?.Invoke(from, $"sends {(ulong)to.Value} its snapshot at {snapshot.Mark.Index}");
        Pool.Add(new Parcel(from.Id, to, null, snapshot));
    }

    private void Serve(Node node, List<ConfirmedReads> confirmed)
    {
        foreach (ConfirmedReads round in confirmed)
        {
            Noticed?.Invoke(node, $"confirms round {round.Round} at {round.Index}");
            foreach ((_, ulong floor) in node.Reads.Where(read => read.Round == round.Round))
            {
                if (round.Index < floor)
                    throw new InvariantBrokenException($"stale read: {node.Number} confirms {round.Index}, and {floor} was committed when it was asked");
            }

            node.Reads.RemoveAll(read => read.Round == round.Round);
        }

        if (node.Up.Role != Role.Leader) node.Reads.Clear(); // they are answered "leadership lost"
    }

    private void Apply(Node node)
    {
        while (node.Applied < node.Up.ApplyLimit)
        {
            ulong index = node.Applied + 1;
            properties.Applying(node, index);
            Entry entry = node.Disk.Durable[index];
            node.StateHash = (node.StateHash * 0x9E3779B97F4A7C15) + Crc32C.Compute(entry.Payload.Span) + (entry.Term << 32) + index;
            node.Applied = index;
            properties.Applied(node);
        }

        node.Up.Applied(node.Applied);
    }
}
