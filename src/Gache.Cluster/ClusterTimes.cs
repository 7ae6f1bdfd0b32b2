namespace Gache.Cluster;

/// <summary>Times of the cluster's own work.</summary>
public static class ClusterTimes
{
    /// <summary>How often <see cref="ClusterNode.Tick"/> is called.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a node listens before it founds a cluster.</summary>
    public static readonly TimeSpan ListenBeforeFounding = TimeSpan.FromSeconds(1.5);

    /// <summary>Before a question to other nodes is asked again.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a short question may take.</summary>
    public static readonly TimeSpan Ask = TimeSpan.FromSeconds(2);
}
