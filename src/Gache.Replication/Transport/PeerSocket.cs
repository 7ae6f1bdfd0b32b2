using System.Buffers.Binary;
using System.Net.Sockets;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport;

/// <summary>The steps on a socket that dialler and acceptor have in common, each with a deadline.</summary>
internal static class PeerSocket
{
    private const int TcpUserTimeoutOption = 18; // linux/tcp.h, TCP_USER_TIMEOUT in milliseconds
    private const int MinPollMicroseconds = 1000;

    /// <summary>Sets what every connection between peers has.</summary>
    public static void Configure(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 2);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        if (!OperatingSystem.IsLinux()) return;
        Span<byte> milliseconds = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(milliseconds, (int)TransportTimes.Unacknowledged.TotalMilliseconds);
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeoutOption, milliseconds);
    }

    /// <summary>Waits until the socket can be read or written; false when the deadline is over.</summary>
    public static bool Await(Socket socket, SelectMode mode, Deadline deadline)
    {
        double microseconds = deadline.Remaining.TotalMicroseconds;
        return microseconds > 0 && socket.Poll((int)Math.Max(microseconds, MinPollMicroseconds), mode);
    }

    /// <summary>Fills the buffer; false if the connection closed or the deadline was over before it was full.</summary>
    public static bool TryReceiveAll(Socket socket, Span<byte> buffer, Deadline deadline)
    {
        while (buffer.Length > 0)
        {
            if (!Await(socket, SelectMode.SelectRead, deadline)) return false;
            int count = socket.Receive(buffer, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock) continue;
            if (error != SocketError.Success || count == 0) return false;
            buffer = buffer[count..];
        }

        return true;
    }

    /// <summary>Sends a preamble, an answer or the confirmation: it always fits into an empty send buffer, so it never waits.</summary>
    /// <returns>False if the other end closed the connection, or this one did: dialling may be called off at any moment.</returns>
    public static bool TrySendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return socket.Send(bytes, SocketFlags.None, out SocketError error) == bytes.Length && error == SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Receives the body of a preamble or its answer; null with words if what came is none.</summary>
    public static byte[]? ReceiveEnvelope(Socket socket, uint magic, Deadline deadline, out string fault)
    {
        Span<byte> header = stackalloc byte[PreambleEnvelope.HeaderLength];
        fault = "it did not say who it is in time";
        if (!TryReceiveAll(socket, header, deadline)) return null;
        if (!PreambleEnvelope.TryReadHeader(header, magic, out int length, out uint crc))
        {
            fault = "it does not speak gache's peer protocol";
            return null;
        }

        byte[] body = new byte[length];
        if (!TryReceiveAll(socket, body, deadline)) return null;
        if (Primitives.Crc32C.Compute(body) == crc) return body;
        fault = "the checksum of its preamble does not match";
        return null;
    }
}
