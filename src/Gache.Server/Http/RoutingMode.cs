namespace Gache.Server.Http;

/// <summary>How a request gets to its key's owner (<c>--routing</c>).</summary>
internal enum RoutingMode
{
    /// <summary>Redirect while the node listens on loopback only, else proxy.</summary>
    Auto,

    /// <summary>307 to the owner.</summary>
    Redirect,

    /// <summary>Forwarded over the cluster port.</summary>
    Proxy,
}
