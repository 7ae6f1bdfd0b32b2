using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gache.Bench.Load;

/// <summary>The servers that are known, and which of them owns a slot, as far as redirects told. Shared by all callers.</summary>
internal sealed class Owners
{
    /// <summary>Bound on servers: redirects of a broken one must not open sockets without end.</summary>
    public const int MaxEndpoints = 256;

    private const short Unknown = -1;

    private readonly Lock gate = new();
    private readonly short[] ownerOf = new short[Gache.Store.Slot.Count];
    private volatile Endpoint[] endpoints = [];
    private volatile bool knowsAny;

    /// <param name="addresses">HOST:PORT of those to begin with.</param>
    /// <exception cref="SocketException">A name is not known.</exception>
    public Owners(IEnumerable<string> addresses)
    {
        Array.Fill(ownerOf, Unknown);
        foreach (string address in addresses) Meet(address);
        Given = endpoints.Length;
    }

    /// <summary>How many servers there were to begin with; they have the lowest numbers.</summary>
    public int Given { get; }

    /// <summary>All that were met.</summary>
    public IReadOnlyList<Endpoint> All => endpoints;

    /// <summary>Whether any slot's owner is known; without redirects nobody computes a slot.</summary>
    public bool KnowsAny => knowsAny;

    /// <summary>The server with this number.</summary>
    public Endpoint this[int number] => endpoints[number];

    /// <summary>The owner of a slot, or null.</summary>
    public Endpoint? Of(int slot) => Volatile.Read(ref ownerOf[slot]) is var number and >= 0 ? endpoints[number] : null;

    /// <summary>A redirect named the owner of a slot.</summary>
    /// <returns>It, or null if it cannot be: a name that is not known, or too many servers.</returns>
    public Endpoint? Learn(int slot, string address)
    {
        Endpoint? owner;
        try
        {
            owner = endpoints.FirstOrDefault(known => known.Name == address) ?? Meet(address);
        }
        catch (Exception fault) when (fault is SocketException or FormatException)
        {
            return null;
        }

        if (owner is null) return null;
        owner.IsOwner = true;
        Volatile.Write(ref ownerOf[slot], (short)owner.Number);
        knowsAny = true;
        return owner;
    }

    /// <summary>A server does not answer: nothing is its own any longer.</summary>
    public void Forget(Endpoint endpoint)
    {
        if (!endpoint.IsOwner) return;
        endpoint.IsOwner = false;
        for (int slot = 0; slot < ownerOf.Length; slot++)
        {
            if (Volatile.Read(ref ownerOf[slot]) == endpoint.Number) Interlocked.CompareExchange(ref ownerOf[slot], Unknown, (short)endpoint.Number);
        }
    }

    private Endpoint? Meet(string address)
    {
        int colon = address.LastIndexOf(':');
        if (colon < 0) (address, colon) = ($"{address}:80", address.Length); // a Location without port
        string host = address[..colon].Trim('[', ']');
        int port = int.Parse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        if (!IPAddress.TryParse(host, out IPAddress? ip))
        {
            IPAddress[] all = Dns.GetHostAddresses(host);
            ip = all.FirstOrDefault(each => each.AddressFamily == AddressFamily.InterNetwork) ?? all[0];
        }

        lock (gate)
        {
            if (endpoints.FirstOrDefault(known => known.Name == address) is { } known) return known;
            if (endpoints.Length == MaxEndpoints) return null;
            var endpoint = new Endpoint(endpoints.Length, address, new IPEndPoint(ip, port));
            endpoints = [.. endpoints, endpoint];
            return endpoint;
        }
    }
}
