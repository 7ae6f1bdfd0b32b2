using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>An answer as it came over the wire.</summary>
internal sealed record RawAnswer(int Status, string Head, Dictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? this[string header] => Headers.GetValueOrDefault(header);
}

/// <summary>Bytes to a port and back, with no HTTP client in between that would mend what is sent.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource patience = new(Patience);
    private readonly List<byte> unread = [];

    public static async Task<RawConnection> OpenAsync(IPEndPoint to)
    {
        var connection = new RawConnection();
        await connection.socket.ConnectAsync(to, connection.patience.Token);
        return connection;
    }

    public Task SendAsync(string latin1) => SendAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SendAsync(byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
            sent += await socket.SendAsync(bytes.AsMemory(sent), patience.Token);
    }

    /// <summary>Says that nothing more will be sent.</summary>
    public void CloseSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Reads one answer; an interim one (100) counts.</summary>
    public async Task<RawAnswer> ReadAsync(bool isHead = false)
    {
        int end;
        while ((end = IndexOfHeadEnd()) < 0) Assert.True(await FillAsync(), "closed before an answer: " + Encoding.Latin1.GetString([.. unread]));

        string head = Encoding.Latin1.GetString([.. unread[..end]]);
        unread.RemoveRange(0, end + 4);
        string[] lines = head.Split("\r\n");
        int status = int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines[1..]) headers.Add(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());

        byte[] body = [];
        if (!isHead && status is not (100 or 204 or 304)) body = await ReadBodyAsync(headers);
        return new RawAnswer(status, head, headers, body);
    }

    /// <summary>True if the other side closes, and sends nothing more before.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            return unread.Count == 0 && !await FillAsync();
        }
        catch (SocketException)
        {
            return true; // a reset is a close, too
        }
    }

    /// <summary>Waits for the first bytes of an answer, and takes no more.</summary>
    public async Task BeginsAsync() => Assert.True(await FillAsync());

    /// <summary>Everything up to the close.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        try
        {
            while (await FillAsync())
            {
                // on to the end
            }
        }
        catch (SocketException)
        {
            // a reset is an end, too
        }

        return Take(unread.Count);
    }

    public void Dispose()
    {
        socket.Dispose();
        patience.Dispose();
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> headers)
    {
        if (headers.TryGetValue("Content-Length", out string? length))
        {
            int count = int.Parse(length, System.Globalization.CultureInfo.InvariantCulture);
            while (unread.Count < count) Assert.True(await FillAsync(), "closed within a body");
            return Take(count);
        }

        if (headers.GetValueOrDefault("Transfer-Encoding") == "chunked")
        {
            List<byte> whole = [];
            while (true)
            {
                int line;
                while ((line = unread.IndexOf((byte)'\n')) < 0) Assert.True(await FillAsync());
                int size = Convert.ToInt32(Encoding.Latin1.GetString([.. unread[..line]]).Trim(), 16);
                Take(line + 1);
                while (unread.Count < size + 2) Assert.True(await FillAsync());
                whole.AddRange(Take(size));
                Take(2);
                if (size == 0) return [.. whole];
            }
        }

        while (await FillAsync())
        {
            // until the close
        }

        return Take(unread.Count);
    }

    private byte[] Take(int count)
    {
        byte[] taken = [.. unread[..count]];
        unread.RemoveRange(0, count);
        return taken;
    }

    private async Task<bool> FillAsync()
    {
        byte[] buffer = new byte[16 * 1024];
        int count = await socket.ReceiveAsync(buffer, patience.Token);
        unread.AddRange(buffer[..count]);
        return count > 0;
    }

    private int IndexOfHeadEnd()
    {
        for (int at = 0; at + 3 < unread.Count; at++)
            if (unread[at] == '\r' && unread[at + 1] == '\n' && unread[at + 2] == '\r' && unread[at + 3] == '\n') return at;

        return -1;
    }
}
