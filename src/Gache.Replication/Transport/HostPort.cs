using System.Globalization;
using System.Net;

namespace Gache.Replication;

/// <summary>An address as people write it: <c>host:port</c>, the host a name, an IPv4 address, or an IPv6 address in brackets.</summary>
/// <param name="Host">The name or address, without brackets.</param>
/// <param name="Port">0 to 65,535.</param>
public readonly record struct HostPort(string Host, int Port)
{
    private const int MaxHostLength = 253;

    /// <summary>Reads <c>host:port</c>.</summary>
    public static bool TryParse(string? text, out HostPort address)
    {
        address = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)) return false;
        string host = text![..colon];
        if (host is ['[', .., ']']) host = host[1..^1];
        else if (host.Contains(':')) return false;
        if (port > IPEndPoint.MaxPort || host.Length is 0 or > MaxHostLength) return false;
        address = new HostPort(host, port);
        return true;
    }

    /// <summary>The host's addresses at this moment, IPv4 first; empty if it has none or the look-up takes longer than <paramref name="limit"/>.</summary>
    internal IPAddress[] Resolve(TimeSpan limit, CancellationToken cancel)
    {
        if (IPAddress.TryParse(Host, out IPAddress? literal)) return [literal];
        Task<IPAddress[]> lookup = Dns.GetHostAddressesAsync(Host, cancel);
        try
        {
            // The look-up itself cannot be stopped; one that hangs is left behind.
            if (!lookup.Wait((int)limit.TotalMilliseconds, cancel)) return [];
        }
        catch (Exception e) when (e is AggregateException or OperationCanceledException)
        {
            return [];
        }

        return [.. lookup.Result.OrderBy(a => a.AddressFamily)];
    }

    /// <summary><c>host:port</c>.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
