using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Gache.Primitives;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster.Tests.Calls;

/// <summary>The cluster port of one node of a test, on a free port of the loopback address, and the calls that arrived there.</summary>
internal sealed class Port : IAsyncDisposable, ICallHandler
{
    public static readonly ClusterId Cluster = new(77);

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Socket, (CancellationTokenSource Closed, Task Serving)> accepted = [];
    private readonly Task accepting;
    private ClusterIdentity identity;

    public Port(uint id, ClusterId? cluster = null, TimeProvider? time = null, int port = 0, IPAddress? ip = null)
    {
        identity = new ClusterIdentity(new NodeId(id), cluster ?? Cluster, 1000 + id);
        Server = new CallServer(new CallServerOptions { Identity = () => Identity, Handler = this, Logger = Log, Time = time ?? TimeProvider.System });
        listener.Bind(new IPEndPoint(ip ?? IPAddress.Loopback, port));
        listener.Listen(1024);
        accepting = AcceptAsync();
    }

    public ClusterIdentity Identity
    {
        get
        {
            lock (accepted) return identity;
        }

        set
        {
            lock (accepted) identity = value;
        }
    }

    public RecordingLogger Log { get; } = new();

    public CallServer Server { get; }

    public string Address => listener.LocalEndPoint!.ToString()!;

    public NodeId Id => Identity.Node;

    /// <summary>How many connections were accepted so far.</summary>
    public int Accepted { get; private set; }

    public ConcurrentQueue<(Caller From, CallKind Kind, byte[] Body)> Arrived { get; } = [];

    /// <summary>Who dialled, refused or not.</summary>
    public ConcurrentQueue<Caller> Met { get; } = [];

    void ICallHandler.Met(Caller who) => Met.Enqueue(who);

    /// <summary>What says of each call that waits long, in the order of arrival, that its caller gave it up.</summary>
    public ConcurrentQueue<CancellationToken> Abandoned { get; } = [];

    void ICallHandler.Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer, CancellationToken abandoned)
    {
        Abandoned.Enqueue(abandoned);
        Handle(from, kind, body, answer);
    }

    /// <summary>What is done with a request; an echo unless a test says otherwise.</summary>
    public Action<Caller, CallKind, ReadOnlyMemory<byte>, Action<ReadOnlyMemory<byte>>> Behaviour { get; set; } = (_, _, body, answer) => answer(body);

    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        Arrived.Enqueue((from, kind, body.ToArray()));
        Behaviour(from, kind, body, answer);
    }

    /// <summary>Cuts every connection, as a crash would.</summary>
    public void Kill()
    {
        foreach ((Socket socket, (CancellationTokenSource closed, _)) in accepted)
        {
            socket.Close(0);
            closed.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        Kill();
        await Task.WhenAll(accepted.Values.Select(a => a.Serving));
        Server.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await listener.AcceptAsync();
                Accepted++;
                var closed = new CancellationTokenSource();
                accepted[socket] = (closed, ServeAsync(socket, closed.Token));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken closed)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        await Task.Yield();
        await Server.ServeAsync(new StreamPipe(stream), "127.0.0.1:1", () => socket.Close(0), closed);
    }

    private sealed class StreamPipe(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));

        public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }
}

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordingLogger : ILogger
{
    public ConcurrentQueue<(int Event, string Line)> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId.Id, formatter(state, exception)));
}
