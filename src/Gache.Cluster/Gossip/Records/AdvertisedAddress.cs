using System.Globalization;

namespace Gache.Cluster;

/// <summary>What may stand as an address in a record. It ends up in dials, logs and <c>Location</c> headers, so nothing else passes.</summary>
internal static class AdvertisedAddress
{
    /// <summary>True for <c>host:port</c> with a name, an IPv4 address or an IPv6 address in brackets.</summary>
    public static bool IsValid(ReadOnlySpan<char> address)
    {
        if (address.Length > GossipLimits.MaxAddressBytes) return false;
        int colon = address.LastIndexOf(':');
        if (colon <= 0) return false;
        ReadOnlySpan<char> host = address[..colon], port = address[(colon + 1)..];
        return ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number > 0 && IsHost(host);
    }

    private static bool IsHost(ReadOnlySpan<char> host)
    {
        bool isBracketed = host[0] == '[' && host[^1] == ']' && host.Length > 2;
        if (isBracketed) host = host[1..^1];
        foreach (char c in host)
        {
            bool isNameChar = char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_';
            if (!isNameChar && !(isBracketed && c is ':' or '%')) return false;
        }

        return true;
    }
}
