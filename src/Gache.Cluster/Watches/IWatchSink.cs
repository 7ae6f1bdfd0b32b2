using System.Diagnostics.CodeAnalysis;
using Gache.Primitives;
using Gache.Replication;

namespace Gache.Cluster;

/// <summary>Why a watch ended.</summary>
public enum WatchEnd
{
    /// <summary>The client has gone, or took nothing any more.</summary>
    Gone,

    /// <summary>The node stops: go on at another one, from the last cursor.</summary>
    ShuttingDown,

    /// <summary>What follows the watcher's place is in no history any more.</summary>
    Compacted,

    /// <summary>This node hears nothing of the shard of some slot: go on from the last cursor, best at another one.</summary>
    Unheard,
}

/// <summary>Where a watch's events go. One call at a time; each returns false once nobody takes them.</summary>
public interface IWatchSink
{
    /// <summary>The watch stands here, and tells all that comes after.</summary>
    ValueTask<bool> ReadyAsync(string cursor);

    /// <summary>Changes, in order by key. Whoever takes them piece by piece says so with <see cref="WatchBatch.NoteTaken"/>.</summary>
    ValueTask<bool> SendAsync(WatchBatch batch);

    /// <summary>Nothing more came up to here.</summary>
    ValueTask<bool> ProgressAsync(string cursor);

    /// <summary>The last thing that is said.</summary>
    ValueTask CloseAsync(WatchEnd why, string cursor);

    /// <summary>Gives the client up, in the midst of whatever is being sent; from any thread.</summary>
    void Abort();
}

/// <summary>Some changes on their way to a watcher, each with the cursor that goes on after it.</summary>
public sealed class WatchBatch
{
    private readonly ClusterId cluster;
    private readonly CursorShape after; // what is read together is read in order, so whoever has a revision has all before it of those slots
    private readonly Action? taken;
    private ReadOnlyMemory<byte> left;

    /// <summary>Changes that were read after some places.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="before">The places, and whether what follows each is among the changes.</param>
    /// <param name="changes">The changes, as <see cref="WatchedChange.TryTake"/> reads them.</param>
    /// <param name="taken">Called with each <see cref="NoteTaken"/>.</param>
    public WatchBatch(ClusterId cluster, IEnumerable<(SlotPlace Place, bool IsRead)> before, ReadOnlyMemory<byte> changes, Action? taken = null) =>
        (this.cluster, after, left, this.taken) = (cluster, new CursorShape(before), changes, taken);

    /// <summary>The value of the change that was taken off last, for as long as the batch is being sent: a large one is not written at once.</summary>
    public ReadOnlyMemory<byte> Value { get; private set; }

    /// <summary>Takes the next change off.</summary>
    /// <param name="change">The change.</param>
    /// <param name="cursor">Goes on after it.</param>
    /// <returns>False at the end.</returns>
    public bool TryTake(out WatchedChange change, [NotNullWhen(true)] out string? cursor)
    {
        cursor = null;
        ReadOnlyMemory<byte> before = left;
        if (!WatchedChange.TryTake(ref left, out change)) return false;
        Value = before[..^left.Length][^change.Value.Length..]; // it stands at the end of its change
        cursor = after.At(cluster, change.Revision);
        return true;
    }

    /// <summary>The client has taken another piece: whoever does is slow, and not stuck.</summary>
    public void NoteTaken() => taken?.Invoke();
}
