using System.Globalization;
using System.Net;

namespace Gache.Server.Options;

/// <summary>An address as people write it: <c>host:port</c>, with an IPv6 host in brackets.</summary>
/// <param name="Host">A name or an address, without brackets.</param>
/// <param name="Port">1 to 65,535.</param>
internal sealed record HostPort(string Host, int Port)
{
    /// <summary>The longest host that DNS knows.</summary>
    private const int MaxHostLength = 253;

    /// <summary>True if the host is an address that stands for "all".</summary>
    public bool IsWildcard => IPAddress.TryParse(Host, out IPAddress? address)
        && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>Reads <c>host:port</c>.</summary>
    public static bool TryParse(string text, out HostPort address)
    {
        address = new HostPort("", 0);
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)) return false;
        if (port is < 1 or > 65_535) return false;
        if (!TryParseHost(text[..colon], out string host)) return false;

        address = new HostPort(host, port);
        return true;
    }

    /// <summary>Reads a host alone: a DNS name, an IPv4 address, or an IPv6 address in brackets.</summary>
    public static bool TryParseHost(string text, out string host)
    {
        host = text;
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            host = text[1..^1];
            return IPAddress.TryParse(host, out IPAddress? v6) && v6.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        }

        return text.Length is > 0 and <= MaxHostLength
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
            && char.IsAsciiLetterOrDigit(text[0]);
    }

    /// <summary>As it is written, with brackets round an IPv6 host.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");
}
