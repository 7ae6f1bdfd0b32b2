using Gache.Log;
using Gache.Primitives;
using Xunit;

namespace Gache.Replication.Tests.Node.Founding;

/// <summary>
/// Real <see cref="ShardNode"/>s n1, n2, ... on simulated disks and a clock that the test moves. They ask each other over lines that can be cut;
/// whoever is of a shard takes up whoever asks, unless that one is of another shard. The raft port is nobody's.
/// </summary>
internal sealed class ListedWorld(int count, int seed) : IAsyncDisposable
{
    private static readonly LogOptions SmallLog = new()
    {
        SegmentSize = 48 << 10, ZeroAhead = 8 << 10, MaxBatchBytes = 16 << 10, MaxEntryBytes = 8 << 10, MaxConfigurationBytes = 4 << 10, MaxBatchEntries = 64,
    };

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly SimulatedFileSystem[] disks = [.. Enumerable.Range(0, count).Select(i => new SimulatedFileSystem(new Random((seed * 100) + i)))];
    private readonly ShardNode?[] nodes = new ShardNode?[count];
    private int starts;

    public SteppedTime Time { get; } = new();

    /// <summary>Who cannot reach whom.</summary>
    public HashSet<(int From, int To)> Cut { get; } = [];

    /// <summary>What a name gives to one who asks; the name itself if it says nothing else.</summary>
    public Func<int, string, IReadOnlyList<string>> Names { get; set; } = (_, name) => [name];

    /// <summary>Nodes that no question for consent reaches.</summary>
    public HashSet<int> Deaf { get; } = [];

    /// <summary>What a member says to one that asks to be taken up, if not what <see cref="ListedWorld"/> says.</summary>
    public Func<int, JoinAnswer?> JoinAnswers { get; set; } = _ => null;

    /// <summary>What all said in their logs.</summary>
    public SaidLog Said { get; } = new();

    public IEnumerable<int> All => Enumerable.Range(1, count);

    public static string Api(int node) => $"n{node}:8000";

    /// <summary>The list of all.</summary>
    public string[] List => [.. All.Select(Api)];

    public ShardNode Node(int node) => nodes[node - 1] ?? throw new InvalidOperationException($"n{node} does not run");

    public bool IsRunning(int node) => nodes[node - 1] is not null;

    public SimulatedFileSystem Disk(int node) => disks[node - 1];

    /// <summary>Why a node is not ready.</summary>
    public string Words(int node) => string.Join('\n', Node(node).Status.Alarms);

    /// <summary>The shard that a folder says it is of, whether its node runs or not.</summary>
    public ShardId ShardOf(int node) => IsRunning(node) ? Node(node).Report().Shard : new DataFolder(Disk(node), "/data").ReadIdentity()?.Shard ?? default;

    public ShardId[] Shards => [.. All.Select(ShardOf).Where(shard => !shard.IsNone).Distinct()];

    public void Start(int node, params string[] list)
    {
        lock (nodes)
        {
            nodes[node - 1] = new ShardNode(new ShardNodeOptions
            {
                Folder = "/data", RaftAddress = $"n{node}:7000", ApiAddress = Api(node), JoinAddresses = list, Log = SmallLog, Files = Disk(node), Time = Time,
                Random = new Random((seed * 1_000) + ++starts), Transport = (_, _) => new NoTransport(), JoinClient = new Line(this, node), Loggers = Said,
            });
        }

        Node(node).Start();
    }

    /// <summary>Stops it, and what it had not synced is gone.</summary>
    public async Task CrashAsync(int node)
    {
        ShardNode gone = Node(node);
        lock (nodes) nodes[node - 1] = null;
        try
        {
            await gone.DisposeAsync();
        }
        catch (SimulatedCrashException)
        {
            // Its disk was cut off before.
        }

        Disk(node).Crash();
    }

    /// <summary>Gives a node that does not run an empty disk.</summary>
    public void Wipe(int node) => disks[node - 1] = new SimulatedFileSystem(new Random((seed * 100) + 50 + ++starts));

    /// <summary>Lets time pass until something is so.</summary>
    public async Task UntilAsync(string what, Func<bool> isSo)
    {
        DateTime deadline = DateTime.UtcNow.AddSeconds(30);
        while (!isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, $"after 30 s still not so: {what}; {string.Join("; ", All.Where(IsRunning).Select(node => $"n{node}: {Words(node)}"))}");
            await PassAsync(Step);
        }
    }

    /// <summary>Lets time pass, in steps that leave everybody time to act.</summary>
    public async Task PassAsync(TimeSpan span)
    {
        for (; span > TimeSpan.Zero; span -= Step)
        {
            Time.Advance(Step);
            await Task.Delay(1, TestContext.Current.CancellationToken); // real time, for the threads that this step of virtual time wakes; nothing is concluded from it
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (int node in All.Where(IsRunning).ToArray()) await CrashAsync(node);
    }

    private ShardNode? At(int from, string address)
    {
        int to = NumberOf(address);
        lock (nodes) return Cut.Contains((from, to)) ? null : nodes[to - 1];
    }

    private static int NumberOf(string address) =>
        int.Parse(address.AsSpan(1, address.IndexOf(':', StringComparison.Ordinal) - 1), System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Line(ListedWorld world, int from) : IJoinClient
    {
        public async Task<JoinAnswer?> AskAsync(string apiAddress, JoinRequest request, CancellationToken cancel)
        {
            await Task.Yield();
            if (world.At(from, apiAddress) is not { } node) return null;
            ShardId shard = node.Report().Shard;
            if (world.JoinAnswers(NumberOf(apiAddress)) is { } said) return said;
            if (!request.Shard.IsNone && !shard.IsNone && shard != request.Shard) return new JoinAnswer(null, JoinRefusal.WrongShard, $"this is shard {shard}");
            return shard.IsNone
                ? new JoinAnswer(new Refusal(RefusalCode.NotServing, "in no shard"), JoinRefusal.None, "in no shard")
                : new JoinAnswer(null, JoinRefusal.None, "", new ClusterId(3), shard, request.Node);
        }

        public async Task<FolderReport?> ReportAsync(string apiAddress, CancellationToken cancel)
        {
            await Task.Yield();
            return world.At(from, apiAddress)?.Report();
        }

        public async Task<FolderReport?> AskConsentAsync(string apiAddress, FoundingConsent wanted, CancellationToken cancel)
        {
            await Task.Yield();
            return world.Deaf.Contains(NumberOf(apiAddress)) ? null : world.At(from, apiAddress)?.Agree(wanted);
        }

        public Task<IReadOnlyList<string>> ResolveAsync(string apiAddress, CancellationToken cancel) => Task.FromResult(world.Names(from, apiAddress));
    }

    private sealed class NoTransport : ITransport
    {
        public void Send(PeerMessage message)
        {
            // Nobody is there.
        }

        public void SetPeers(IReadOnlyCollection<PeerAddress> peers)
        {
            // Nobody is dialled.
        }

        public void SetIdentity(PeerIdentity identity)
        {
            // Nobody is told.
        }

        public Task<PeerIdentity?> ProbeAsync(string raftAddress) => Task.FromResult<PeerIdentity?>(null);

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
