namespace Gache.Cluster;

/// <summary>Bounds of what passes over the cluster port.</summary>
public static class CallLimits
{
    /// <summary>The largest body of a request or an answer: 15 MiB, so that a frame with its head stays below 16 MiB.</summary>
    public const int MaxBodyBytes = 15 * 1024 * 1024;
}
