namespace Gache.Replication.Transport.Outbound;

/// <summary>How much may wait for one connection; what is more is dropped.</summary>
internal readonly record struct SendBounds(int Messages, long Bytes)
{
    /// <summary>For control connections.</summary>
    public static SendBounds Control { get; } = new(4096, 4 * 1024 * 1024);

    /// <summary>For bulk connections: what may be in flight to a follower. One message of the largest size always fits.</summary>
    public static SendBounds Bulk { get; } = new(64, 16 * 1024 * 1024);
}
