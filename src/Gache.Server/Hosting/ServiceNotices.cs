using System.Net.Sockets;
using System.Text;

namespace Gache.Server.Hosting;

/// <summary>Tells a service manager how the node fares, as sd_notify(3) says: datagrams to the Unix socket that <c>NOTIFY_SOCKET</c> names.</summary>
/// <remarks>Without that variable it does nothing. A notice that cannot be sent is logged, and the node goes on: it serves clients, not its manager.</remarks>
internal sealed partial class ServiceNotices : IDisposable
{
    /// <summary>Names the socket: a path, or a name in the abstract namespace after <c>@</c>.</summary>
    public const string Variable = "NOTIFY_SOCKET";

    /// <summary>How often the status is looked at; it is told when it is another.</summary>
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);

    /// <summary>A manager that does not read must not hold up the node.</summary>
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly string? address;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private ITimer? timer;
    private string told = "";
    private bool isStopping;

    /// <summary>Makes notices for whoever listens at <paramref name="address"/>; nobody if it is null or empty.</summary>
    public ServiceNotices(string? address, TimeProvider clock, ILogger log)
    {
        (this.clock, this.log) = (clock, log);
        if (string.IsNullOrEmpty(address)) return;
        if (address[0] is '/' or '@') this.address = address;
        else LogNotSent(log, address, "it is neither a path nor begins with @");
    }

    /// <summary>The API serves. From now on the status is told when it changes.</summary>
    /// <param name="status">How the node fares, in one line.</param>
    public void TellReady(Func<string> status)
    {
        if (address is null) return;
        lock (gate)
        {
            told = Line(status());
            Send($"READY=1\nSTATUS={told}");
            timer = clock.CreateTimer(_ => TellStatus(status), null, StatusInterval, StatusInterval);
        }
    }

    /// <summary>The node stops, or must end.</summary>
    /// <param name="why">In one line.</param>
    public void TellStopping(string why)
    {
        if (address is null) return;
        lock (gate)
        {
            isStopping = true;
            Send($"STOPPING=1\nSTATUS={Line(why)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => timer?.Dispose();

    private void TellStatus(Func<string> status)
    {
        lock (gate)
        {
            if (isStopping || Line(status()) is var now && now == told) return;
            told = now;
            Send($"STATUS={now}");
        }
    }

    /// <summary>A notice is lines of assignments, so a value has one.</summary>
    private static string Line(string text) => text.ReplaceLineEndings(" ");

    private void Send(string notice)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = (int)SendTimeout.TotalMilliseconds };
            socket.SendTo(Encoding.UTF8.GetBytes(notice), new UnixDomainSocketEndPoint(address![0] == '@' ? $"\0{address[1..]}" : address));
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            LogNotSent(log, address!, failure.Message);
        }
    }

    [LoggerMessage(EventId = 506, Level = LogLevel.Warning, Message = "the service manager could not be told at {Address} (NOTIFY_SOCKET): {Why}")]
    private static partial void LogNotSent(ILogger log, string address, string why);
}
