using System.Globalization;
using System.Runtime.CompilerServices;
using Gache.Replication;
using Gache.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gache.Consensus.Replicas;

/// <summary>gache's nodes as the server starts them, without HTTP: core, log with its writer, store and transport.</summary>
internal sealed class GacheReplicas : IReplicas
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);

    private readonly List<ShardNode> nodes = [];
    private ShardNode leader = null!;

    public async Task StartAsync(string folder, int[] ports)
    {
        var joins = new Joins(nodes);
        foreach (int port in ports)
        {
            string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
            int number = nodes.Count;
            nodes.Add(new ShardNode(new ShardNodeOptions
            {
                Folder = Path.Combine(folder, number.ToString(CultureInfo.InvariantCulture)),
                RaftAddress = address,
                ApiAddress = Joins.AddressOf(number),
                JoinAddresses = number == 0 ? [] : [Joins.AddressOf(0)],
                Transport = (identity, events) =>
                {
                    var transport = new TcpTransport(new TcpTransportOptions { ListenAddress = address, Identity = identity });
                    transport.Start(events);
                    return transport;
                },
                JoinClient = joins,
                Loggers = NullLoggerFactory.Instance,
            }));
            nodes[number].Start();
            await UntilAsync(() => nodes[number].Status.MayServe).ConfigureAwait(false);
        }

        await UntilAsync(() => nodes.All(node => node.Status.Members.Count(member => member.Role is "leader" or "voter") == ports.Length)).ConfigureAwait(false);
        leader = nodes.Single(node => node.Status.Role == ReplicaRole.Leader);
    }

    public ValueTask ProposeAsync(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => AnsweredAsync(leader.WriteAsync(Command.EncodePut(key, value)));

    public async ValueTask<bool> AllHoldAsync(byte[] key, byte[] value)
    {
        foreach (ShardNode node in nodes)
        {
            using ReadAnswer answer = await node.ReadAsync(key, ReadLevel.Stale).ConfigureAwait(false);
            if (!answer.Value.Span.SequenceEqual(value)) return false;
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ShardNode node in nodes) await node.DisposeAsync().ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask AnsweredAsync(ValueTask<WriteAnswer> write)
    {
        WriteAnswer answer = await write.ConfigureAwait(false);
        if (answer.Refusal is { } refusal) throw new InvalidOperationException($"gache refused: {refusal.Detail}");
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var deadline = new CancellationTokenSource(StartDeadline);
        while (!isSo()) await Task.Delay(5, deadline.Token).ConfigureAwait(false); // between two looks
    }

    /// <summary>What nodes ask each other over HTTP elsewhere; an address is the node's number, and a port that nobody listens on.</summary>
    private sealed class Joins(List<ShardNode> nodes) : IJoinClient
    {
        public static string AddressOf(int number) => string.Create(CultureInfo.InvariantCulture, $"n{number}:1");

        public async Task<JoinAnswer?> AskAsync(string apiAddress, JoinRequest request, CancellationToken cancel) =>
            await NodeAt(apiAddress).JoinAsync(request).WaitAsync(cancel).ConfigureAwait(false);

        public Task<FolderReport?> ReportAsync(string apiAddress, CancellationToken cancel) => Task.FromResult<FolderReport?>(NodeAt(apiAddress).Report());

        public Task<FolderReport?> AskConsentAsync(string apiAddress, FoundingConsent wanted, CancellationToken cancel) =>
            Task.FromResult<FolderReport?>(NodeAt(apiAddress).Agree(wanted));

        public Task<IReadOnlyList<string>> ResolveAsync(string apiAddress, CancellationToken cancel) => Task.FromResult<IReadOnlyList<string>>([apiAddress]);

        private ShardNode NodeAt(string apiAddress) => nodes[int.Parse(apiAddress[1..apiAddress.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture)];
    }
}
