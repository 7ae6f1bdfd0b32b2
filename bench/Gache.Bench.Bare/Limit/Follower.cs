using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gache.Bench.Bare.Limit;

/// <summary>Holds a copy: writes and syncs what it is sent, and answers.</summary>
internal static class Follower
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Serves one leader until that ends.</summary>
    /// <param name="args">The file, the port.</param>
    public static int Run(string[] args)
    {
        var log = new LogFile(args[0]);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(args[1], CultureInfo.InvariantCulture)));
        listener.Listen();
        using Socket leader = listener.Accept();
        leader.NoDelay = true;
        Frame.ReceiveAll(leader, BufferBytes, received =>
        {
            (int batchBytes, _) = Frame.ReadHead(received);
            int length = Frame.HeadBytes + batchBytes;
            if (received.Length < length) return 0;
            if (batchBytes > 0) log.Write(received[..length]);
            leader.Send(received[..Frame.HeadBytes]);
            return length;
        });
        return 0;
    }
}
