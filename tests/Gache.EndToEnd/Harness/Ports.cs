using System.Net;
using System.Net.Sockets;

namespace Gache.EndToEnd.Harness;

/// <summary>Free ports of 127.0.0.1, below those that the kernel hands to outgoing connections: nobody else gets one between two uses.</summary>
internal static class Ports
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private static int next = First + Random.Shared.Next(Last - First);

    public static int Free()
    {
        for (int tries = 0; tries < Last - First; tries++)
        {
            int port = First + ((Interlocked.Increment(ref next) - First) % (Last - First));
            if (IsFree(port)) return port;
        }

        throw new InvalidOperationException($"no free port between {First} and {Last}");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
