namespace Gache.Cluster.Calls;

/// <summary>How long things take at the cluster port, at most.</summary>
internal static class CallTimes
{
    /// <summary>For one look-up of a name, and for one connect.</summary>
    public static readonly TimeSpan Connect = TimeSpan.FromSeconds(1);

    /// <summary>For a preamble, at the receiver; and for its answer, at the caller.</summary>
    public static readonly TimeSpan Preamble = TimeSpan.FromSeconds(2);

    /// <summary>From one dial to the next: the first, doubled with each that led to no answer.</summary>
    public static readonly TimeSpan FirstRedial = TimeSpan.FromMilliseconds(50);

    /// <summary>From one dial to the next, at most.</summary>
    public static readonly TimeSpan LastRedial = TimeSpan.FromMilliseconds(250);

    /// <summary>A caller closes a connection on which nothing happened for this long.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    /// <summary>The same for a connection to one of several nodes that have the same name: soon, so that the next call may meet another of them.</summary>
    public static readonly TimeSpan IdleOfMany = TimeSpan.FromSeconds(5);

    /// <summary>A receiver closes such a connection later, so that it never closes what a caller is about to use.</summary>
    public static readonly TimeSpan IdleAtReceiver = TimeSpan.FromSeconds(90);

    /// <summary>Whoever takes none of what we send for this long is cut off.</summary>
    public static readonly TimeSpan Stalled = TimeSpan.FromSeconds(10);

    /// <summary>A frame that has begun must be whole after this and its length at <see cref="MinBytesPerSecond"/>.</summary>
    public static readonly TimeSpan FrameGrace = TimeSpan.FromSeconds(5);

    /// <summary>See <see cref="FrameGrace"/>.</summary>
    public const int MinBytesPerSecond = 256 * 1024;

    /// <summary>How often a receiver looks for what is slow, idle or expired.</summary>
    public static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);
}
