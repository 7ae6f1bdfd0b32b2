using Gache.Primitives;
using Gache.Raft;
using Microsoft.Extensions.Logging;

namespace Gache.Replication;

/// <summary>The replica's events, each with a number that stays.</summary>
internal static partial class Events
{
    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "elected leader: term {Term}, {Votes} of {Voters} votes, log at {LastIndex}")]
    public static partial void ElectedLeader(this ILogger log, ulong term, int votes, int voters, ulong lastIndex);

    [LoggerMessage(EventId = 104, Level = LogLevel.Information, Message = "lost leadership of term {OldTerm}; the term is {Term}")]
    public static partial void LostLeadership(this ILogger log, ulong oldTerm, ulong term);

    [LoggerMessage(EventId = 105, Level = LogLevel.Information, Message = "follows leader {Leader} in term {Term}")]
    public static partial void FollowsLeader(this ILogger log, NodeId leader, ulong term);

    [LoggerMessage(EventId = 106, Level = LogLevel.Information, Message = "configuration at index {Index}: {Configuration}")]
    public static partial void ConfigurationChanged(this ILogger log, Configuration configuration, ulong index);

    [LoggerMessage(EventId = 107, Level = LogLevel.Information, Message = "learner {Learner} has caught up and becomes a voter")]
    public static partial void Promotes(this ILogger log, NodeId learner);

    [LoggerMessage(EventId = 108, Level = LogLevel.Warning, Message = "the oldest sync has run for {Ticks} ticks of 10 ms; leadership is handed over")]
    public static partial void HandsOverSlowDisk(this ILogger log, long ticks);

    [LoggerMessage(EventId = 109, Level = LogLevel.Error, Message = "member {Member} lost data: {How}; it must not vote and is being replaced")]
    public static partial void MemberLostData(this ILogger log, NodeId member, string how);

    [LoggerMessage(EventId = 110, Level = LogLevel.Error, Message = "this node {Node} lost data that it had acknowledged: it is silent until the others have replaced it")]
    public static partial void BecameMute(this ILogger log, NodeId node);

    [LoggerMessage(EventId = 111, Level = LogLevel.Error, Message = "the state of member {Member} at index {Index} differs from the one here")]
    public static partial void StatesDiffer(this ILogger log, NodeId member, ulong index);

    [LoggerMessage(EventId = 112, Level = LogLevel.Warning, Message = "disk space is low on a voter: puts are refused, reads and deletes go on")]
    public static partial void SpaceIsLow(this ILogger log);

    [LoggerMessage(EventId = 113, Level = LogLevel.Critical, Message = "the node cannot go on")]
    public static partial void NodeFails(this ILogger log, Exception failure);

    [LoggerMessage(EventId = 114, Level = LogLevel.Information, Message = "an operator removes member {Member}")]
    public static partial void Removes(this ILogger log, NodeId member);

    [LoggerMessage(EventId = 120, Level = LogLevel.Information, Message = "snapshot at index {Index} is on disk: {Keys} keys, {Bytes} bytes")]
    public static partial void SnapshotTaken(this ILogger log, ulong index, long keys, long bytes);

    [LoggerMessage(EventId = 121, Level = LogLevel.Warning, Message = "snapshot at index {Index} was given up: {Why}")]
    public static partial void SnapshotGivenUp(this ILogger log, ulong index, string why);

    [LoggerMessage(EventId = 122, Level = LogLevel.Information, Message = "sends the snapshot at index {Index}, {Bytes} bytes, to {Follower}")]
    public static partial void SendsSnapshot(this ILogger log, ulong index, long bytes, NodeId follower);

    [LoggerMessage(EventId = 123, Level = LogLevel.Information, Message = "installed the leader's snapshot at index {Index}: {Keys} keys")]
    public static partial void SnapshotInstalled(this ILogger log, ulong index, long keys);

    [LoggerMessage(EventId = 125, Level = LogLevel.Warning, Message = "this node is behind, and its disk has no room for the snapshot that the leader sends: at index {Index}, {Bytes} bytes, and {Free} are free")]
    public static partial void NoRoomForSnapshot(this ILogger log, ulong index, long bytes, long free);

    [LoggerMessage(EventId = 130, Level = LogLevel.Information, Message = "founded shard {Shard} of cluster {Cluster} as node {Node}")]
    public static partial void Founded(this ILogger log, ShardId shard, ClusterId cluster, NodeId node);

    [LoggerMessage(EventId = 131, Level = LogLevel.Information, Message = "joined shard {Shard} of cluster {Cluster} as node {Node}; votes when it has caught up")]
    public static partial void Joined(this ILogger log, ShardId shard, ClusterId cluster, NodeId node);

    [LoggerMessage(EventId = 132, Message = "{How}")]
    public static partial void StillJoining(this ILogger log, LogLevel level, string how);

    [LoggerMessage(EventId = 133, Level = LogLevel.Error, Message = "{Words}")]
    public static partial void AddressBelongsToAnotherShard(this ILogger log, string words);

    [LoggerMessage(EventId = 134, Level = LogLevel.Warning, Message = "{Why}; its old data stays in {Folder}, and it joins again empty")]
    public static partial void BeginsAnew(this ILogger log, string why, string folder);

    [LoggerMessage(EventId = 135, Level = LogLevel.Warning, Message = "{File}: {Bytes} bytes at offset {Offset} were never synced, so never acknowledged, and were cut")]
    public static partial void TailCut(this ILogger log, string file, long offset, long bytes);

    [LoggerMessage(EventId = 136, Level = LogLevel.Information, Message = "agreed that node {Founder} at {Address} founds shard {Shard}, and agrees to no other")]
    public static partial void Agreed(this ILogger log, NodeId founder, string address, ShardId shard);

    [LoggerMessage(EventId = 137, Level = LogLevel.Warning, Message = "{Words}")]
    public static partial void NotKnownYet(this ILogger log, string words);

    [LoggerMessage(EventId = 138, Level = LogLevel.Warning, Message = "--raft-join of this member of shard {Shard} names strangers, which are not asked: {Strangers}")]
    public static partial void StrangersListed(this ILogger log, ShardId shard, string strangers);

    [LoggerMessage(EventId = 139, Level = LogLevel.Warning, Message = "the file for changes that watches may ask for failed, and they are kept in memory: {Why}")]
    public static partial void HistoryFileFailed(this ILogger log, string why);

    [LoggerMessage(EventId = 124, Level = LogLevel.Warning, Message = "sends the snapshot at index {Index} to {Follower} though no majority confirmed its checksum: without it the shard cannot commit")]
    public static partial void SendsUnconfirmed(this ILogger log, ulong index, NodeId follower);
}
