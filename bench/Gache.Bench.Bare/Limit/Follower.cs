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
        byte[] buffer = new byte[BufferBytes];
        int filled = 0;
        while (true)
        {
            int received = leader.Receive(buffer.AsSpan(filled));
            if (received == 0) return 0;
            filled += received;
            int at = 0;
            while (filled - at >= Frame.HeadBytes)
            {
                (int batchBytes, _) = Frame.ReadHead(buffer.AsSpan(at));
                if (filled - at < Frame.HeadBytes + batchBytes) break;
                Span<byte> frame = buffer.AsSpan(at, Frame.HeadBytes + batchBytes);
                if (batchBytes > 0) log.Write(frame);
                leader.Send(frame[..Frame.HeadBytes]);
                at += frame.Length;
            }

            buffer.AsSpan(at, filled - at).CopyTo(buffer);
            filled -= at;
        }
    }
}
