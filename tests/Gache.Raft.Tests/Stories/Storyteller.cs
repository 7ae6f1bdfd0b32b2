using System.Globalization;
using System.Text;

namespace Gache.Raft.Tests;

/// <summary>
/// Plays a story: a group of cores in which nothing moves by itself. A block prints what was noticed, and then each node whose state it changed.
/// After every step the properties of <see cref="Figure3"/> are checked.
/// </summary>
internal sealed class Storyteller
{
    private readonly List<string> printed = [];
    private readonly Dictionary<int, string> known = [];
    private readonly HashSet<int> cut = [];
    private Group? founded;
    private Configuration foundedWith = Configuration.Empty;
    private int voters;

    private Group Group => founded ?? throw new FormatException("a story begins with: group N voters");

    /// <summary>Runs one block and returns what it prints.</summary>
    public IReadOnlyList<string> Tell(StoryBlock block)
    {
        printed.Clear();
        foreach (string command in block.Commands.SelectMany(line => line.Split(';', StringSplitOptions.TrimEntries)))
        {
            string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Do(words[0], words[1..]);
            AnswerFetches();
        }

        Group.Nodes.ForEach(Figure3.CheckWhole);
        foreach (Node node in Group.Nodes)
        {
            string state = Spelling.Of(node, foundedWith);
            if (known.GetValueOrDefault(node.Number) == state) continue;
            known[node.Number] = state;
            printed.Add(state);
        }

        return printed.Count > 0 ? [.. printed] : ["nothing changes"];
    }

    private void Do(string verb, string[] words)
    {
        if (verb == "group")
        {
            MakeGroup(words);
            return;
        }

        if (verb == "log")
        {
            Preset(NodeOf(words[0]), [.. words[1..].TakeWhile(word => word != "in").Select(ulong.Parse)], words[^2] == "term" ? ulong.Parse(words[^1]) : null);
            return;
        }

        if (foundedWith.Members.IsEmpty) Found();
        switch (verb)
        {
            case "elect": Elect(words); break;
            case "propose": Propose(NodeOf(words[0]), words[1..]); break;
            case "change": Change(NodeOf(words[0]), words[1], words[2]); break;
            case "read": Read(NodeOf(words[0])); break;
            case "transfer": Transfer(NodeOf(words[0]), words[1..]); break;
            case "snapshot": Group.TakeSnapshot(NodeOf(words[0]), int.Parse(words[2], CultureInfo.InvariantCulture)); break; // snapshot 1 keep 2
            case "tick": Tick(words); break;
            case "run": Run(int.Parse(words[0], CultureInfo.InvariantCulture)); break;
            case "deliver": Deliver(new Route(words), isRepeat: false); break;
            case "repeat": Deliver(new Route(words), isRepeat: true); break;
            case "drop" when words[0] == "all": Group.Pool.Clear(); break;
            case "drop": Take(new Route(words)).ForEach(Group.Drop); break;
            case "slow": Group.FastDisks.Remove(NodeOf(words[0])); break;
            case "fast": Group.FastDisks.Add(NodeOf(words[0])); Group.CompleteWrites(NodeOf(words[0]), int.MaxValue); break;
            case "sync": Sync(NodeOf(words[0]), words[1..]); break;
            case "crash": Group.Crash(NodeOf(words[0])); break;
            case "restart": Group.Restart(NodeOf(words[0])); break;
            case "disconnect": Group.Do(NodeOf(words[0]), core => core.PeerDisconnected(Group.IdOf(int.Parse(words[2], CultureInfo.InvariantCulture)))); break;
            case "cut": cut.UnionWith(Route.Numbers(words[0])); break;
            case "mend": cut.ExceptWith(Route.Numbers(words[0])); break;
            case "messages": Print(words.Length == 0 ? Group.Pool : new Route(words).Of(Group.Pool)); break;
            case "held": Print(NodeOf(words[0]).Held.Select(m => new Parcel(m.From, m.To, m, null)), " waits for the disk"); break;
            case "followers": printed.AddRange(NodeOf(words[0]).Up.Followers.Select(Spelling.Of)); break;
            default: throw new FormatException($"no story command is called {verb}");
        }
    }

    // group 3 voters 1 spares MinElectionTicks=5
    private void MakeGroup(string[] words)
    {
        known.Clear();
        cut.Clear();
        foundedWith = Configuration.Empty;
        voters = int.Parse(words[0], CultureInfo.InvariantCulture);
        int spares = Array.IndexOf(words, "spares") is var at and > 0 ? int.Parse(words[at - 1], CultureInfo.InvariantCulture) : 0;
        var options = new RaftOptions();
        foreach (string[] setting in words.Where(word => word.Contains('=', StringComparison.Ordinal)).Select(word => word.Split('=')))
        {
            System.Reflection.PropertyInfo option = typeof(RaftOptions).GetProperty(setting[0]) ?? throw new FormatException($"no option is called {setting[0]}");
            option.SetValue(options, Convert.ChangeType(setting[1], option.PropertyType, CultureInfo.InvariantCulture));
        }

        founded = new Group(voters + spares, options, number => new FixedRandom(number - 1)) { Noticed = (node, what) => printed.Add($"{node.Number} {what}") };
        founded.FastDisks.UnionWith(founded.Nodes);
    }

    // log 1 1 1 4 in term 5: entries of these terms, of which the first is the founding configuration
    private void Preset(Node node, ulong[] terms, ulong? term)
    {
        byte[] configuration = Group.ConfigurationOf(Enumerable.Range(1, voters)).Encode();
        Entry[] entries = [.. terms.Select((term, at) => at == 0
            ? new Entry(1, term, EntryKind.Configuration, configuration)
            : new Entry((ulong)at + 1, term, EntryKind.Command, Encoding.UTF8.GetBytes("x")))];
        node.Disk.Preset(new HardState(term ?? terms[^1], default), entries);
        Group.Properties.Preset(entries);
    }

    private void Found()
    {
        Group.Found(voters);
        foundedWith = Group[1].Up.Configuration;
        foreach (Node node in Group.Nodes) known[node.Number] = Spelling.Of(node, foundedWith);
    }

    // elect 1; elect 1 votes 2,3 aloud: the last word has the answers printed
    private void Elect(string[] words)
    {
        Node candidate = NodeOf(words[0]);
        IEnumerable<Node> asked = words.Contains("votes") ? Route.Numbers(words[2]).Select(number => Group[number]) : Group.Nodes;
        Ballot.Hold(Group, candidate, [.. asked.Where(node => node.Core is not null && node != candidate)], answer =>
        {
            if (words[^1] == "aloud") printed.Add(Spelling.Of(answer));
        });
    }

    // propose 1 a b c*100: the last one padded to 100 bytes
    private void Propose(Node node, string[] words)
    {
        foreach (string[] word in words.Select(word => word.Split('*')))
        {
            byte[] payload = Encoding.UTF8.GetBytes(word.Length > 1 ? word[0].PadRight(int.Parse(word[1], CultureInfo.InvariantCulture), Spelling.Padding) : word[0]);
            ulong index = 0;
            Group.Do(node, core => index = core.Propose(payload));
            if (index == 0) printed.Add($"{node.Number} refuses {word[0]}");
        }
    }

    // change 1 learner 4; change 1 voters 1,2,4
    private void Change(Node node, string what, string list)
    {
        int[] numbers = Route.Numbers(list);
        Configuration next = node.Up.Configuration;
        foreach (Member member in numbers.Select(Group.MemberOf).Where(member => next.Find(member.Id) is null)) next = next.WithLearnerOrAddresses(member);
        if (what == "voters") next = next.EnterJoint([.. numbers.Select(Group.IdOf)]);
        ulong index = 0;
        Group.Do(node, core => index = core.ProposeConfiguration(next));
        if (index == 0) printed.Add($"{node.Number} refuses to change the configuration");
    }

    private void Read(Node node)
    {
        int at = printed.Count;
        ulong round = Group.Read(node);
        printed.Insert(at, round == 0 ? $"{node.Number} takes no read" : $"{node.Number} reads in round {round}");
    }

    private void Transfer(Node node, string[] words)
    {
        bool isBegun = false;
        Group.Do(node, core => isBegun = core.TransferLeadership(words.Length > 1 ? Group.IdOf(int.Parse(words[1], CultureInfo.InvariantCulture)) : default));
        if (!isBegun) printed.Add($"{node.Number} refuses to transfer");
    }

    private void Tick(string[] words)
    {
        IReadOnlyList<Node> nodes = words[0] == "all" ? Group.Nodes : [.. Route.Numbers(words[0]).Select(number => Group[number])];
        int ticks = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 1;
        for (int tick = 0; tick < ticks; tick++)
        {
            foreach (Node node in nodes.Where(node => node.Core is not null)) Group.Do(node, core => core.Tick());
        }
    }

    private void Run(int ticks)
    {
        for (int tick = 0; tick < ticks; tick++)
        {
            Tick(["all"]);
            if (Group.Pool.Count > 0) Deliver(new Route(["all"]), isRepeat: false);
        }
    }

    private void Deliver(Route route, bool isRepeat)
    {
        List<Parcel> parcels = isRepeat ? Find(route) : Take(route);
        do
        {
            foreach (Parcel parcel in parcels)
            {
                if (cut.Contains((int)(ulong)parcel.From.Value) || cut.Contains((int)(ulong)parcel.To.Value)) Group.Drop(parcel);
                else Group.Deliver(parcel);
            }

            AnswerFetches();
            parcels = route.IsBothWays ? route.Of(Group.Pool) : [];
            RemoveFromPool(parcels);
        }
        while (parcels.Count > 0);
    }

    private List<Parcel> Take(Route route)
    {
        List<Parcel> parcels = Find(route);
        RemoveFromPool(parcels);
        return parcels;
    }

    // By reference: two heartbeats may say the same, and only one of them be meant.
    private void RemoveFromPool(List<Parcel> parcels)
    {
        var taken = parcels.ToHashSet<object>(ReferenceEqualityComparer.Instance);
        Group.Pool.RemoveAll(taken.Contains);
    }

    // A command that means nothing is a mistake in the story: it would go on and show less than it says.
    private List<Parcel> Find(Route route) => route.Of(Group.Pool) is { Count: > 0 } found ? found : throw new FormatException($"nothing is under way: {route}");

    private void Sync(Node node, string[] words)
    {
        if (node.Disk.Pending == 0) throw new FormatException($"{node.Number} has nothing to sync");
        Group.CompleteWrites(node, words.Length > 0 ? int.Parse(words[0], CultureInfo.InvariantCulture) : int.MaxValue);
    }

    // What a core wants read from its disk is read at once: only writes are slow in stories.
    private void AnswerFetches()
    {
        foreach (Node node in Group.Nodes)
        {
            while (node.Fetches.Count > 0) Group.AnswerFetch(node);
        }
    }

    private void Print(IEnumerable<Parcel> parcels, string suffix = "")
    {
        int before = printed.Count;
        printed.AddRange(parcels.Select(parcel => Spelling.Of(parcel) + suffix));
        if (printed.Count == before) printed.Add("no messages");
    }

    private Node NodeOf(string number) => Group[int.Parse(number, CultureInfo.InvariantCulture)];
}
