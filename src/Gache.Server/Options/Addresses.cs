using System.Net;
using System.Net.Sockets;
using Gache.Replication;

namespace Gache.Server.Options;

/// <summary>What an address must be to be used, beyond being readable.</summary>
internal static class Addresses
{
    /// <summary>The longest host that DNS knows.</summary>
    private const int MaxHostLength = 253;

    /// <summary>Reads <c>host:port</c> with a port that can be connected to and a host that could exist.</summary>
    public static bool TryParse(string text, out HostPort address) =>
        HostPort.TryParse(text, out address) && address.Port > 0 && TryParseHost(text[..text.LastIndexOf(':')], out _);

    /// <summary>Reads a host alone: a DNS name, an IPv4 address, or an IPv6 address in brackets.</summary>
    public static bool TryParseHost(string text, out string host)
    {
        host = text;
        if (text is ['[', .., ']'])
        {
            host = text[1..^1];
            return IPAddress.TryParse(host, out IPAddress? v6) && v6.AddressFamily == AddressFamily.InterNetworkV6;
        }

        return text.Length is > 0 and <= MaxHostLength
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
            && char.IsAsciiLetterOrDigit(text[0]);
    }

    /// <summary>True for an address that stands for "all": it can be listened on and not be connected to.</summary>
    public static bool IsWildcard(string host) => IPAddress.TryParse(host, out IPAddress? address) && IsWildcard(address);

    /// <summary>As above.</summary>
    public static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
