using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Gache.Cluster.Calls.Wire;
using Gache.Primitives;
using Gache.Replication;
using Gache.Replication.Transport;

namespace Gache.Cluster.Calls.Outbound;

/// <summary>What came of one try to dial: a connection, or why there is none.</summary>
/// <param name="Connection">The connection; null if there is none.</param>
/// <param name="Fault">Why there is none, in words.</param>
/// <param name="IsRefused">Somebody was there and refused us, or is not whom we take calls to.</param>
/// <param name="Met">Who was there, as far as somebody was.</param>
internal readonly record struct CallDialled(DialledConnection? Connection, string Fault, bool IsRefused = false, ClusterIdentity Met = default);

/// <summary>Connects to a cluster port, says who we are, and hears who is there.</summary>
internal sealed class CallDialler(CallClientOptions options, ByteBudget budget)
{
    private const int BufferBytes = 32 * 1024;
    private const int WriteBytes = 64 * 1024;

    /// <summary>One try at the addresses that the name has now, IPv4 first, until a node is met to which calls may be taken; another one than ourselves
    /// if there is any.</summary>
    /// <param name="address">Where to dial, host:port.</param>
    /// <param name="own">Who we are.</param>
    /// <param name="expected">Whom the first call is for; none for anybody.</param>
    /// <param name="turn">Rises with each dial: nodes that share a name are met in turn.</param>
    /// <param name="cancel">Ends the try.</param>
    public async Task<CallDialled> DialAsync(string address, ClusterIdentity own, NodeId expected, int turn, CancellationToken cancel)
    {
        options.Counters.Dialled();
        if (own.Node.IsNone) return new CallDialled(null, "this node has no id yet");
        if (!HostPort.TryParse(address, out HostPort target)) return new CallDialled(null, "the address is not host:port");
        var best = new CallDialled(null, $"{target.Host} has no address");
        try
        {
            IPAddress[] found = await ResolveAsync(target.Host, turn, cancel).ConfigureAwait(false);
            foreach (IPAddress ip in found)
            {
                bool isOneOfMany = found.Count(other => other.AddressFamily == ip.AddressFamily) > 1;
                CallDialled next = await DialOneAsync(new IPEndPoint(ip, target.Port), isOneOfMany, own, expected, cancel).ConfigureAwait(false);
                (best, CallDialled other) = IsBetter(next, best, own) ? (next, best) : (best, next);
                other.Connection?.End("another node was met at the same name");
                if (best.Connection is { } met && met.Met.Node != own.Node) return best;
            }
        }
        catch (Exception e) when (e is SocketException or TimeoutException or OperationCanceledException or ArgumentException)
        {
            return new CallDialled(null, $"{target.Host} has no address: {e.Message}");
        }

        return best;
    }

    // A refusal says more than nobody's silence, and a connection to ourselves is good if there is no other.
    private static bool IsBetter(in CallDialled next, in CallDialled best, ClusterIdentity own) =>
        next.Connection is { } met ? best.Connection is null || met.Met.Node != own.Node : best.Connection is null && (next.IsRefused || !best.IsRefused);

    private async Task<IPAddress[]> ResolveAsync(string host, int turn, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host, out IPAddress? literal)) return [literal];

        // The look-up itself cannot be stopped; one that hangs is left behind.
        IPAddress[] found = await options.Resolve(host, cancel).WaitAsync(CallTimes.Connect, options.Time, cancel).ConfigureAwait(false);
        return [.. found.GroupBy(ip => ip.AddressFamily).OrderBy(family => family.Key).SelectMany(family => InTurn([.. family], turn))];
    }

    private static IEnumerable<IPAddress> InTurn(IPAddress[] addresses, int turn)
    {
        int first = (int)((uint)turn % (uint)addresses.Length);
        return addresses.Skip(first).Concat(addresses.Take(first));
    }

    private async Task<CallDialled> DialOneAsync(IPEndPoint endPoint, bool isOneOfMany, ClusterIdentity own, NodeId expected, CancellationToken cancel)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            PeerSocket.Configure(socket);
            using (CancellationTokenSource deadline = Within(CallTimes.Connect, cancel, out CancellationTokenRegistration chain))
            using (chain) await socket.ConnectAsync(endPoint, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return new CallDialled(null, e is SocketException ? e.Message : $"no connection within {CallTimes.Connect.TotalSeconds} s");
        }

        var stream = new NetworkStream(socket, ownsSocket: true);
        var transport = new SocketPipe(
            PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: WriteBytes, leaveOpen: true)));
        CallDialled introduced = await IntroduceAsync(transport, stream.Dispose, own, expected, cancel).ConfigureAwait(false);
        if (introduced.Connection is { } connection) connection.IsOneOfMany = isOneOfMany;
        else await stream.DisposeAsync().ConfigureAwait(false);
        return introduced;
    }

    /// <summary>Says who we are on a new connection, and hears who is there.</summary>
    internal async Task<CallDialled> IntroduceAsync(IDuplexPipe transport, Action close, ClusterIdentity own, NodeId expected, CancellationToken cancel)
    {
        byte[]? body;
        string fault;
        using (CancellationTokenSource deadline = Within(CallTimes.Preamble, cancel, out CancellationTokenRegistration chain))
        using (chain)
        {
            try
            {
                await transport.Output.WriteAsync(new CallPreamble(own, expected).Encode(), deadline.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                return new CallDialled(null, $"the connection broke: {e.Message}");
            }

            (body, fault) = await EnvelopeReader.ReadAsync(transport.Input, CallPreamble.AcceptorMagic, deadline.Token).ConfigureAwait(false);
        }

        CallPreambleAnswer? answer = body is null ? null : CallPreambleAnswer.TryDecode(body, out fault);
        if (answer is null) return new CallDialled(null, fault);
        string? refusal = answer.Refusal ?? answer.Acceptor.MismatchWith(own, expected);
        if (refusal is null) return new CallDialled(new DialledConnection(transport, close, own, answer.Acceptor, budget, options.Counters), "", Met: answer.Acceptor);
        options.Counters.ConnectionRefused();
        return new CallDialled(null, $"it refused: {refusal}", IsRefused: true, answer.Acceptor);
    }

    private CancellationTokenSource Within(TimeSpan limit, CancellationToken cancel, out CancellationTokenRegistration chain)
    {
        var deadline = new CancellationTokenSource(limit, options.Time);
        chain = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline);
        return deadline;
    }

    private sealed class SocketPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }
}
