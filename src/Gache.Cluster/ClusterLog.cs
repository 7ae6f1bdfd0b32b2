using Gache.Primitives;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

internal static partial class ClusterLog
{
    [LoggerMessage(EventId = 601, Level = LogLevel.Debug, Message = "slot {Slot} moved to shard {Shard} at epoch {Epoch}")]
    public static partial void SlotMoved(this ILogger log, int slot, ShardId shard, ulong epoch);

    [LoggerMessage(EventId = 602, Level = LogLevel.Information, Message = "granted slots {Slots} to shard {Shard}")]
    public static partial void Granted(this ILogger log, SlotSet slots, ShardId shard);

    [LoggerMessage(EventId = 603, Level = LogLevel.Information, Message = "{Words}")]
    public static partial void WaitsToFound(this ILogger log, string words);

    [LoggerMessage(EventId = 604, Level = LogLevel.Warning, Message = "{Words}")]
    public static partial void MovesStandStill(this ILogger log, string words);

    [LoggerMessage(EventId = 605, Level = LogLevel.Error, Message = "a slot's move met a fault of this program; it is tried again")]
    public static partial void MoveFault(this ILogger log, Exception fault);

    [LoggerMessage(EventId = 606, Level = LogLevel.Warning, Message = "{Words}")]
    public static partial void TwoOwners(this ILogger log, string words);
}
