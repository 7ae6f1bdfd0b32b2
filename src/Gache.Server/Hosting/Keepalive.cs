using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gache.Server.Hosting;

/// <summary>The kernel's own probes on an accepted connection: a request that waits is silent for minutes, and only they find out that the other
/// machine is gone, so that nobody who is no more gets a lock.</summary>
internal static class Keepalive
{
    private const int AfterSeconds = 5;
    private const int EverySeconds = 2;
    private const int Times = 3;

    /// <summary>Sets them; nothing happens where there is no socket.</summary>
    public static void Set(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket) return;
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, AfterSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, EverySeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Times);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
    }
}
