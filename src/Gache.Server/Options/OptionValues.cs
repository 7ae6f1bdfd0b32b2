using System.Globalization;
using System.Net;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http;
using Gache.Server.Http.Requests;
using Gache.Store;

namespace Gache.Server.Options;

/// <summary>Reads the values of options; each returns null, or what is asked for instead.</summary>
internal static class OptionValues
{
    public static string? Port(OptionsDraft draft, string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65_535)
            return "a port is a number from 1 to 65535";
        draft.Port = port;
        return null;
    }

    public static string? Listen(OptionsDraft draft, string value)
    {
        List<IPAddress> addresses = [];
        foreach (string text in List(value))
        {
            // IPAddress also reads "1" and "0x7f.1"; what a person means has dots or colons and nothing odd.
            if (!IPAddress.TryParse(text.Trim('[', ']'), out IPAddress? address) || !text.AsSpan().ContainsAny('.', ':'))
                return "an address is as in 127.0.0.1, ::1 or 0.0.0.0";
            if (!addresses.Contains(address)) addresses.Add(address);
        }

        if (addresses.Count == 0) return "at least one address";

        // :: takes IPv4 as well, and a second bind would meet the first.
        if (addresses.Contains(IPAddress.IPv6Any)) addresses.RemoveAll(address => address.Equals(IPAddress.Any));
        draft.Listen = addresses;
        return null;
    }

    public static string? Advertise(OptionsDraft draft, string value)
    {
        const string Form = "a host that others can reach, with a port if it is not the API's: HOST or HOST:PORT";
        if (Addresses.TryParse(value, out HostPort address))
        {
            draft.AdvertiseHost = address.Host;
            draft.AdvertisePort = address.Port;
        }
        else if (Addresses.TryParseHost(value, out string host))
        {
            draft.AdvertiseHost = host;
        }
        else
        {
            return Form;
        }

        return Addresses.IsWildcard(draft.AdvertiseHost) ? Form : null;
    }

    public static string? RaftAddress(OptionsDraft draft, string value)
    {
        if (!Addresses.TryParse(value, out HostPort address)) return "an address is HOST:PORT, as in 127.0.0.1:7001";
        draft.RaftAddress = address;
        return null;
    }

    public static string? RaftDir(OptionsDraft draft, string value)
    {
        if (value.Length == 0) return "a folder's name is not empty";
        draft.RaftDir = value;
        return null;
    }

    public static string? RaftJoin(OptionsDraft draft, string value)
    {
        List<HostPort> nodes = [];
        foreach (string text in List(value))
        {
            if (!Addresses.TryParse(text, out HostPort address)) return "the API addresses of nodes of the shard are HOST:PORT separated by commas, as in 127.0.0.1:8001,127.0.0.1:8002";
            if (Addresses.IsWildcard(address.Host)) return "an address that can be reached";
            if (!nodes.Contains(address)) nodes.Add(address);
        }

        draft.RaftJoin = nodes;
        return nodes.Count == 0 ? "at least one address"
            : nodes.Count > OptionTable.MostJoinAddresses ? $"at most {OptionTable.MostJoinAddresses} addresses; one name may give several" : null;
    }

    public static string? ClusterPort(OptionsDraft draft, string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65_535)
            return "a port is a number from 1 to 65535";
        draft.ClusterPort = port;
        return null;
    }

    public static string? ClusterSlot(OptionsDraft draft, string value)
    {
        if (!SlotSet.TryParse(value, out SlotSet slots)) return "slots are numbers from 0 to 16383, as in 0-5000 or 0-99,200; none for a shard that gets its slots later";
        draft.ClusterSlots = slots;
        return null;
    }

    public static string? ClusterMembers(OptionsDraft draft, string value)
    {
        List<HostPort> members = [];
        foreach (string text in List(value))
        {
            if (!Addresses.TryParse(text, out HostPort address) || Addresses.IsWildcard(address.Host))
                return "the cluster addresses of other nodes, HOST:PORT separated by commas, as in 127.0.0.1:9001";
            members.Add(address);
        }

        draft.ClusterMembers = members;
        return members.Count == 0 ? "at least one address" : null;
    }

    public static string? Routing(OptionsDraft draft, string value)
    {
        RoutingMode? mode = value switch
        {
            "auto" => RoutingMode.Auto,
            "redirect" => RoutingMode.Redirect,
            "proxy" => RoutingMode.Proxy,
            _ => null,
        };
        if (mode is null) return "auto, redirect or proxy";
        draft.Routing = mode.Value;
        return null;
    }

    public static string? InsecureCluster(OptionsDraft draft, string value) => Switch(value, isOn => draft.AllowsInsecureCluster = isOn);

    public static string? StopWithStdin(OptionsDraft draft, string value) => Switch(value, isOn => draft.StopsWithStdin = isOn);

    public static string? MaxValue(OptionsDraft draft, string value)
    {
        if (!ByteSize.TryParse(value, out long bytes) || bytes is < 1 or > OptionTable.LargestMaxValueBytes)
            return "a size from 1 to 8MiB, as in 512KiB";
        draft.MaxValueBytes = (int)bytes;
        return null;
    }

    public static string? MaxMemory(OptionsDraft draft, string value)
    {
        if (!ByteSize.TryParse(value, out long bytes) || bytes < OptionTable.SmallestMaxMemoryBytes)
            return $"a size of at least {ByteSize.Format(OptionTable.SmallestMaxMemoryBytes)}, as in 2GiB";
        draft.MaxMemoryBytes = bytes;
        return null;
    }

    public static string? RequestTimeout(OptionsDraft draft, string value)
    {
        if (!Duration.TryParse(value, out TimeSpan time)
            || time < OptionTable.ShortestRequestTimeout || time > OptionTable.LongestRequestTimeout)
            return "a time from 100ms to 5m, as in 5s";
        draft.RequestTimeout = time;
        return null;
    }

    public static string? AllowedHosts(OptionsDraft draft, string value)
    {
        List<string> hosts = [];
        foreach (string text in List(value))
        {
            if (!Addresses.TryParseHost(text, out string host)) return "host names without ports, separated by commas";
            hosts.Add(host.ToLowerInvariant());
        }

        draft.AllowedHosts = hosts;
        return hosts.Count == 0 ? "at least one name" : null;
    }

    public static string? AllowOrigin(OptionsDraft draft, string value)
    {
        List<string> origins = [];
        foreach (string text in List(value))
        {
            if (text is "*" or "null")
            {
                origins.Add(text);
                continue;
            }

            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https")
                || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
                return "origins as in http://example.org:8080, separated by commas, or *";
            origins.Add(uri.GetLeftPart(UriPartial.Authority)); // as browsers write it: lower case, no default port
        }

        draft.AllowedOrigins = origins;
        return origins.Count == 0 ? "at least one origin" : null;
    }

    public static string? LogLevel(OptionsDraft draft, string value)
    {
        LogLevel? level = value switch
        {
            "trace" => Microsoft.Extensions.Logging.LogLevel.Trace,
            "debug" => Microsoft.Extensions.Logging.LogLevel.Debug,
            "info" => Microsoft.Extensions.Logging.LogLevel.Information,
            "warn" => Microsoft.Extensions.Logging.LogLevel.Warning,
            "error" => Microsoft.Extensions.Logging.LogLevel.Error,
            _ => null,
        };
        if (level is not { } known) return "trace, debug, info, warn or error";
        draft.LogLevel = known;
        return null;
    }

    public static string? LogFormat(OptionsDraft draft, string value)
    {
        LogFormat? format = value switch
        {
            "auto" => Options.LogFormat.Auto,
            "plain" => Options.LogFormat.Plain,
            "json" => Options.LogFormat.Json,
            _ => null,
        };
        if (format is not { } known) return "auto, plain or json";
        draft.LogFormat = known;
        return null;
    }

    public static string? OtlpEndpoint(OptionsDraft draft, string value)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
            return "an address without a path, as in http://127.0.0.1:4318";
        draft.OtlpEndpoint = uri;
        return null;
    }

    public static string? AccessLog(OptionsDraft draft, string value) => Switch(value, isOn => draft.IsAccessLogged = isOn);

    public static string? SlowRequest(OptionsDraft draft, string value)
    {
        if (!Duration.TryParse(value, out TimeSpan time)
            || (time != TimeSpan.Zero && (time < OptionTable.ShortestSlowRequest || time > OptionTable.LongestRequestTimeout)))
            return "0, or a time from 10ms to 5m, as in 500ms";
        draft.SlowRequest = time;
        return null;
    }

    public static string? LogKeys(OptionsDraft draft, string value)
    {
        LoggedKeys? keys = value switch
        {
            "hash" => LoggedKeys.Hash,
            "prefix" => LoggedKeys.Prefix,
            "none" => LoggedKeys.None,
            _ => null,
        };
        if (keys is not { } known) return "hash, prefix or none";
        draft.LoggedKeys = known;
        return null;
    }

    private static string? Switch(string value, Action<bool> set)
    {
        if (value is not ("true" or "false" or "1" or "0")) return "true or false";
        set(value is "true" or "1");
        return null;
    }

    private static string[] List(string value) => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
