using Gache.Primitives;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

internal static partial class ClusterLog
{
    [LoggerMessage(EventId = 401, Level = LogLevel.Debug, Message = "slot {Slot} moved to shard {Shard} at epoch {Epoch}")]
    public static partial void SlotMoved(this ILogger log, int slot, ShardId shard, ulong epoch);

    [LoggerMessage(EventId = 402, Level = LogLevel.Information, Message = "granted slots {Slots} to shard {Shard}")]
    public static partial void Granted(this ILogger log, SlotSet slots, ShardId shard);

    [LoggerMessage(EventId = 403, Level = LogLevel.Information, Message = "{Words}")]
    public static partial void WaitsToFound(this ILogger log, string words);
}
