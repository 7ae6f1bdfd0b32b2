using System.Net.Sockets;
using System.Text;

namespace Gache.EndToEnd.Harness;

/// <summary>A service manager's end of sd_notify(3): a Unix datagram socket, and what was told to it.</summary>
internal sealed class NotifyListener : IDisposable
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> told = [];
    private readonly Lock gate = new();

    /// <summary>Listens at a path, or at a name in the abstract namespace that begins with <c>@</c>.</summary>
    public NotifyListener(string address)
    {
        Address = address;
        socket.Bind(new UnixDomainSocketEndPoint(address[0] == '@' ? $"\0{address[1..]}" : address));
        _ = ReadAsync();
    }

    /// <summary>What stands in <c>NOTIFY_SOCKET</c>.</summary>
    public string Address { get; }

    /// <summary>All notices, one string each.</summary>
    public IReadOnlyList<string> Told
    {
        get
        {
            lock (gate) return [.. told];
        }
    }

    /// <summary>The latest <c>STATUS=</c>.</summary>
    public string? Status => Told.SelectMany(notice => notice.Split('\n')).LastOrDefault(line => line.StartsWith("STATUS=", StringComparison.Ordinal))?["STATUS=".Length..];

    /// <summary>Whether a notice had this line.</summary>
    public bool WasTold(string line) => Told.Any(notice => notice.Split('\n').Contains(line));

    public void Dispose() => socket.Dispose();

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[4_096];
        try
        {
            while (true)
            {
                int length = await socket.ReceiveAsync(buffer, SocketFlags.None);
                lock (gate) told.Add(Encoding.UTF8.GetString(buffer, 0, length));
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // disposed
        }
    }
}
