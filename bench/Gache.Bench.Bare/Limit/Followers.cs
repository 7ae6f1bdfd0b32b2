using System.Net;
using System.Net.Sockets;

namespace Gache.Bench.Bare.Limit;

/// <summary>The processes that hold copies: what is sent to all counts as soon as one has answered, which makes two of three.</summary>
internal sealed class Followers
{
    private const int BufferBytes = 4096;
    private static readonly TimeSpan DialInterval = TimeSpan.FromMilliseconds(20);

    private readonly Lock sending = new();
    private readonly List<Socket> sockets = [];

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => sockets.Count == 0;

    /// <summary>Told of the number of each answer, on the thread that received it: whether it was a batch's, and which.</summary>
    public required Action<bool, long> Answered { get; init; }

    /// <summary>Dials those on these ports of this machine, waiting until they listen.</summary>
    public void Dial(IEnumerable<int> ports)
    {
        foreach (int port in ports)
        {
            sockets.Add(Dial(port));
            Socket socket = sockets[^1];
            new Thread(() => Receive(socket)) { IsBackground = true }.Start();
        }
    }

    /// <summary>Sends a frame to all.</summary>
    public void Send(ReadOnlySpan<byte> frame)
    {
        lock (sending)
        {
            foreach (Socket socket in sockets) socket.Send(frame);
        }
    }

    private static Socket Dial(int port)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(IPAddress.Loopback, port);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
                Thread.Sleep(DialInterval); // between two tries; that it listens ends them
            }
        }
    }

    private void Receive(Socket socket)
    {
        Frame.ReceiveAll(socket, BufferBytes, received =>
        {
            (int batchBytes, long number) = Frame.ReadHead(received);
            Answered(batchBytes > 0, number);
            return Frame.HeadBytes;
        });
        Environment.Exit(1); // a measure with one copy fewer would be none
    }
}
