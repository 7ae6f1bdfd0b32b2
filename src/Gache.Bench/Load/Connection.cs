using System.Net.Sockets;
using Gache.Bench.Wire;

namespace Gache.Bench.Load;

/// <summary>One socket of one caller, which does one thing at a time with it.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket socket;

    // True: no execution context is carried along.
    private readonly SocketAsyncEventArgs sending = new(true);
    private readonly SocketAsyncEventArgs receiving = new(true);
    private readonly byte[] received;

    /// <param name="endpoint">Whom it leads to.</param>
    /// <param name="reader">Reads its answers.</param>
    /// <param name="receiveBytes">Most that is taken from the socket at once.</param>
    /// <param name="completed">Called when something that was pending is done.</param>
    public Connection(Endpoint endpoint, IAnswerReader reader, int receiveBytes, EventHandler<SocketAsyncEventArgs> completed)
    {
        Endpoint = endpoint;
        Reader = reader;
        socket = new Socket(endpoint.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        received = GC.AllocateUninitializedArray<byte>(receiveBytes, pinned: true);
        sending.Completed += completed;
        sending.RemoteEndPoint = endpoint.Address;
        receiving.Completed += completed;
        receiving.SetBuffer(received);
    }

    /// <summary>Whom it leads to.</summary>
    public Endpoint Endpoint { get; }

    /// <summary>Reads its answers.</summary>
    public IAnswerReader Reader { get; }

    /// <summary>Whether it was connected.</summary>
    public bool IsOpen { get; set; }

    /// <summary>How connecting or sending ended.</summary>
    public SocketError SendError => sending.SocketError;

    /// <summary>Bytes that were sent.</summary>
    public int Sent => sending.BytesTransferred;

    /// <summary>How receiving ended; the other side's end is a reset here, since an answer was awaited.</summary>
    public SocketError ReceiveError =>
        receiving.SocketError == SocketError.Success && receiving.BytesTransferred == 0 ? SocketError.ConnectionReset : receiving.SocketError;

    /// <summary>What was received.</summary>
    public ReadOnlySpan<byte> Received => received.AsSpan(0, receiving.BytesTransferred);

    /// <summary>Connects.</summary>
    /// <returns>Whether it is pending; else it is done.</returns>
    public bool Connect()
    {
        try
        {
            return socket.ConnectAsync(sending);
        }
        catch (ObjectDisposedException)
        {
            return Aborted(sending);
        }
    }

    /// <summary>Sends, as far as the socket takes it.</summary>
    public bool Send(byte[] bytes, int from, int length)
    {
        sending.SetBuffer(bytes, from, length);
        try
        {
            return socket.SendAsync(sending);
        }
        catch (ObjectDisposedException)
        {
            return Aborted(sending);
        }
    }

    /// <summary>Receives what there is.</summary>
    public bool Receive()
    {
        try
        {
            return socket.ReceiveAsync(receiving);
        }
        catch (ObjectDisposedException)
        {
            return Aborted(receiving);
        }
    }

    /// <summary>Ends what is pending with an error; any thread may.</summary>
    public void Abort() => socket.Dispose();

    /// <summary>Closes it; nothing is pending.</summary>
    public void Dispose()
    {
        socket.Dispose();
        sending.Dispose();
        receiving.Dispose();
    }

    private static bool Aborted(SocketAsyncEventArgs what)
    {
        what.SocketError = SocketError.OperationAborted;
        return false;
    }
}
