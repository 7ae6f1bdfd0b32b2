using System.Net;
using System.Text;

namespace Gache.Bench.Load;

/// <summary>One server.</summary>
/// <param name="Number">0 and on, in the order in which they were met.</param>
/// <param name="Name">HOST:PORT.</param>
/// <param name="Address">Where a socket connects to.</param>
internal sealed record Endpoint(int Number, string Name, IPEndPoint Address)
{
    /// <summary>The field <c>Host</c>.</summary>
    public byte[] HostField { get; } = Encoding.ASCII.GetBytes(Name);

    /// <summary>Whether any slot is thought to be its own.</summary>
    public bool IsOwner { get; set; }
}
