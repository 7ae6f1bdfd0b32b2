using System.Globalization;
using System.Net;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.Membership;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Gache.Consensus.Replicas;

/// <summary>DotNext.Net.Cluster's members with its TCP transport and its write-ahead log.</summary>
/// <param name="isSynced">Whether a follower syncs before it answers (<see cref="SyncedLog"/>).</param>
/// <param name="isBatched">Whether proposals that wait are appended together (<see cref="ProposalBatches"/>), not each by a call of its own.</param>
internal sealed class DotNextReplicas(bool isSynced, bool isBatched) : IReplicas
{
    private const int ChunkBytes = 16 << 20;
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);

    private readonly List<(RaftCluster Cluster, WriteAheadLog Log, DictionaryStateMachine State)> members = [];
    private RaftCluster leader = null!;
    private ProposalBatches? batches;

    public async Task StartAsync(string folder, int[] ports)
    {
        IPEndPoint[] addresses = [.. ports.Select(port => new IPEndPoint(IPAddress.Loopback, port))];
        foreach (IPEndPoint address in addresses)
        {
            var configuration = new RaftCluster.TcpConfiguration(address)
            {
                ConfigurationStorage = null!, // so it wants to be told "in memory"
                ColdStart = false,
                // No election because a machine with few processors is slow for a moment.
                LowerElectionTimeout = 2_000,
                UpperElectionTimeout = 4_000,
                RequestTimeout = TimeSpan.FromSeconds(2),
            };
            InMemoryClusterConfigurationStorage<EndPoint>.Builder all = ((InMemoryClusterConfigurationStorage<EndPoint>)configuration.ConfigurationStorage).CreateInitialConfigurationBuilder();
            foreach (IPEndPoint each in addresses) all.Add(each);
            all.Build();

            var state = new DictionaryStateMachine();
            var options = new WriteAheadLog.Options
            {
                Location = Path.Combine(folder, members.Count.ToString(CultureInfo.InvariantCulture)),
                ChunkSize = ChunkBytes,
                // Its documentation calls private memory the fastest to write; past the page cache, each write is a synced one (O_DSYNC).
                MemoryManagement = WriteAheadLog.MemoryManagementStrategy.PrivateMemory,
                NoBuffering = true,
            };
            WriteAheadLog log = isSynced ? new SyncedLog(options, state) : new WriteAheadLog(options, state);
            await log.InitializeAsync().ConfigureAwait(false);
            members.Add((new RaftCluster(configuration) { AuditTrail = log }, log, state));
        }

        await Task.WhenAll(members.Select(member => member.Cluster.StartAsync())).ConfigureAwait(false);
        using var deadline = new CancellationTokenSource(StartDeadline);
        while (!members.Exists(member => IsLeader(member.Cluster))) await Task.Delay(5, deadline.Token).ConfigureAwait(false); // between two looks
        (leader, WriteAheadLog leadersLog, _) = members.Find(member => IsLeader(member.Cluster));
        if (isBatched) batches = new ProposalBatches(leader, leadersLog);
    }

    public ValueTask ProposeAsync(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] payload = [.. key, .. value];
        var entry = new BinaryLogEntry { Term = leader.Term, Content = payload };
        return batches is null ? leader.ReplicateAsync(entry, CancellationToken.None) : new ValueTask(batches.ProposeAsync(entry));
    }

    public ValueTask<bool> AllHoldAsync(byte[] key, byte[] value) => new(members.TrueForAll(member => member.State.Holds(key, value)));

    public async ValueTask DisposeAsync()
    {
        foreach ((RaftCluster cluster, WriteAheadLog log, _) in members)
        {
            await cluster.StopAsync().ConfigureAwait(false);
            await cluster.DisposeAsync().ConfigureAwait(false);
            await log.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static bool IsLeader(RaftCluster cluster) => !cluster.LeadershipToken.IsCancellationRequested;
}
