using System.Net.Sockets;

namespace Gache.Replication.Transport.Outbound;

/// <summary>Notices that the other end closed a connection on which it never says anything, without a thread.</summary>
internal static class CloseWatch
{
    /// <summary>Calls <paramref name="closed"/> once, when the connection has ended.</summary>
    public static void Begin(Socket socket, Action<string> closed)
    {
        var receive = new SocketAsyncEventArgs();
        receive.SetBuffer(new byte[1]);
        receive.Completed += (_, ended) => Ended(ended, closed);
        bool isPending;
        try
        {
            isPending = socket.ReceiveAsync(receive);
        }
        catch (ObjectDisposedException)
        {
            receive.Dispose();
            closed("it was closed here");
            return;
        }

        if (!isPending) Ended(receive, closed);
    }

    private static void Ended(SocketAsyncEventArgs receive, Action<string> closed)
    {
        string reason = receive.SocketError != SocketError.Success ? $"the connection broke: {receive.SocketError}"
            : receive.BytesTransferred > 0 ? "it spoke out of turn"
            : "it closed the connection";
        receive.Dispose();
        closed(reason);
    }
}
