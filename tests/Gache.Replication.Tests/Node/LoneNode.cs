using Gache.Log;
using Gache.Primitives;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gache.Replication.Tests.Node;

/// <summary>A real <see cref="ShardNode"/>, its threads included, on a simulated disk; whoever it asks to join takes it up, and nobody else is there.</summary>
internal sealed class LoneNode : ITransport, IJoinClient, IAsyncDisposable
{
    public static readonly ShardId Shard = new(2);
    public static readonly ClusterId Cluster = new(3);

    private static readonly LogOptions SmallLog = new()
    {
        SegmentSize = 48 << 10, ZeroAhead = 8 << 10, MaxBatchBytes = 16 << 10, MaxEntryBytes = 8 << 10, MaxConfigurationBytes = 4 << 10, MaxBatchEntries = 64,
    };

    public LoneNode(SimulatedFileSystem disk) => Node = new ShardNode(new ShardNodeOptions
    {
        Folder = "/data", RaftAddress = "n1:7000", ApiAddress = "n1:8000", JoinAddresses = ["n2:8000"], Log = SmallLog, Files = disk,
        Transport = (_, _) => this, JoinClient = this, Loggers = NullLoggerFactory.Instance,
    });

    public ShardNode Node { get; }

    /// <summary>Waits, looking again and again.</summary>
    public static async Task UntilAsync(string what, Func<bool> isSo)
    {
        DateTime deadline = DateTime.UtcNow.AddSeconds(30);
        while (!isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, $"after 30 s still not so: {what}");
            await Task.Delay(5, TestContext.Current.CancellationToken); // between two looks; the condition ends the wait
        }
    }

    public Task<JoinAnswer?> AskAsync(string apiAddress, JoinRequest request, CancellationToken cancel) =>
        Task.FromResult<JoinAnswer?>(new JoinAnswer(null, JoinRefusal.None, "", Cluster, Shard, request.Node));

    public Task<FolderReport?> ReportAsync(string apiAddress, CancellationToken cancel) =>
        Task.FromResult<FolderReport?>(new FolderReport(new NodeId(77), apiAddress, IsEmpty: false, Shard, First: null));

    public Task<FolderReport?> AskConsentAsync(string apiAddress, FoundingConsent wanted, CancellationToken cancel) => ReportAsync(apiAddress, cancel);

    public Task<IReadOnlyList<string>> ResolveAsync(string apiAddress, CancellationToken cancel) => Task.FromResult<IReadOnlyList<string>>([apiAddress]);

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

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
