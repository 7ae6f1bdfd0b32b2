using System.Net;

namespace Gache.Server.Http;

/// <summary>Host names as they stand in a Host header or an address option.</summary>
internal static class HostNames
{
    /// <summary>The name or address without its port and brackets.</summary>
    public static string WithoutPort(string host)
    {
        if (host.StartsWith('['))
        {
            int bracket = host.IndexOf(']', StringComparison.Ordinal);
            return bracket < 0 ? host : host[1..bracket];
        }

        int colon = host.LastIndexOf(':');
        return colon < 0 || host.IndexOf(':', StringComparison.Ordinal) != colon ? host : host[..colon];
    }

    /// <summary>True for <c>localhost</c>, names under it, and loopback addresses.</summary>
    public static bool IsLoopback(string name)
    {
        if (IPAddress.TryParse(name, out IPAddress? address)) return IPAddress.IsLoopback(address);
        string bare = name.TrimEnd('.');
        return bare.Equals("localhost", StringComparison.OrdinalIgnoreCase) || bare.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }
}
