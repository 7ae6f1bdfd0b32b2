using System.Net;
using System.Net.Sockets;
using Gache.Replication.Transport.Outbound;
using Gache.Replication.Transport.Peers;

namespace Gache.Replication.Transport.Inbound;

/// <summary>The raft port: accepts, and gives each connection a thread of its own.</summary>
internal sealed class Listener : IDisposable
{
    /// <summary>The most accepted connections at once: control and bulk of the largest configuration, and as many that are on their way.</summary>
    public const int MaxConnections = 4 * Raft.Configuration.MaxMembers;

    private const int Backlog = 128;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Socket socket;
    private readonly TransportEnvironment environment;
    private int connections;

    /// <summary>Opens the port; what dials now waits in the kernel until <see cref="Start"/>.</summary>
    /// <exception cref="TransportListenException">The port cannot be opened.</exception>
    public Listener(TcpTransportOptions options, TransportEnvironment environment)
    {
        this.environment = environment;
        if (!HostPort.TryParse(options.ListenAddress, out HostPort address))
            throw new TransportListenException(ListenFailure.BadAddress, $"the raft address '{options.ListenAddress}' is not host:port");
        IPAddress ip = address.Resolve(TransportTimes.Resolve, CancellationToken.None).FirstOrDefault()
            ?? throw new TransportListenException(ListenFailure.BadAddress, $"the host of the raft address {address} has no IP address");
        if (!options.AllowNonLoopback && !IPAddress.IsLoopback(ip))
        {
            throw new TransportListenException(ListenFailure.NotLoopback,
                $"the raft address {address} is reachable from other machines, and the peer port trusts whoever reaches it; "
                + "use a loopback address, or say --insecure-cluster if the network is yours alone");
        }

        socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(ip, address.Port));
            socket.Listen(Backlog);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? new TransportListenException(ListenFailure.AddressInUse, $"the raft address {address} is in use by another process", e)
                : new TransportListenException(ListenFailure.AddressUnavailable, $"cannot listen on the raft address {address}: {e.Message}", e);
        }

        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Begins to accept.</summary>
    public void Start(PeerProcesses processes, ITransportEvents replica, PeerLinks links)
    {
        environment.Log.Listening(EndPoint);
        environment.Threads.Start("gache raft port", () => Accept(processes, replica, links));
    }

    /// <summary>Closes the port; accepted connections are not touched.</summary>
    public void Dispose() => socket.Dispose();

    private void Accept(PeerProcesses processes, ITransportEvents replica, PeerLinks links)
    {
        while (!environment.Stopped.IsCancellationRequested)
        {
            Socket accepted;
            try
            {
                accepted = socket.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (environment.Stopped.IsCancellationRequested) return;
                if (environment.Said.IsNew("accept", e.Message)) environment.Log.AcceptFailed(e.Message);
                environment.Stopped.WaitHandle.WaitOne(AfterFailure); // out of file descriptors, most likely: it passes
                continue;
            }

            if (Interlocked.Increment(ref connections) > MaxConnections)
            {
                Interlocked.Decrement(ref connections);
                accepted.Dispose();
                if (environment.Said.IsNew("accept", "too many")) environment.Log.TooManyConnections(MaxConnections);
                continue;
            }

            environment.Threads.Start("gache peer", () =>
            {
                try
                {
                    new InboundConnection(accepted, environment, processes, replica, links).Run();
                }
                finally
                {
                    Interlocked.Decrement(ref connections);
                }
            });
        }
    }
}
