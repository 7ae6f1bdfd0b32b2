namespace Gache.Server.Http.Routing;

/// <summary>Marks a request that came over the cluster port: how many nodes have passed it on.</summary>
/// <param name="Hops">1 for a request that came straight from the node that the client asked.</param>
internal sealed record ForwardedHop(int Hops)
{
    /// <summary>A request is passed on at most so often: from any node to the owner's shard, and there to its leader.</summary>
    public const int Most = 2;

    /// <summary>How often the request was passed on; 0 for a client's own.</summary>
    public static int CountOf(HttpContext context) => context.Features.Get<ForwardedHop>()?.Hops ?? 0;
}
