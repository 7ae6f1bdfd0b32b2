using Gache.Raft;

namespace Gache.Replication;

/// <summary>The core's messages on their way out: those that imply something durable wait here for the log (P2).</summary>
internal sealed class OutgoingMessages(ITransport transport, ReplicaCounters counters)
{
    private readonly Queue<Message> waiting = new();

    /// <summary>What a leader's messages carry.</summary>
    public ulong StoreTimeMilliseconds { get; set; }

    /// <summary>What a leader's messages carry: how far its shard has committed; 0 before it has committed anything in its term.</summary>
    public ulong ShardCommitIndex { get; set; }

    /// <summary>What a follower's answers carry.</summary>
    public MemberReport Report { get; set; }

    public void Add(Message message, ulong durableWrite)
    {
        if (message.AfterWrite <= durableWrite) Send(message);
        else waiting.Enqueue(message);
    }

    /// <summary>Sends what waited for writes up to <paramref name="durableWrite"/>; of several acceptances only the last, as it implies the others.</summary>
    /// <remarks>What an earlier term said is left: it speaks of a log that a write in the very same sync may have replaced.</remarks>
    public void Release(ulong durableWrite, ulong term)
    {
        Message? acceptance = null;
        while (waiting.TryPeek(out Message? message) && message.AfterWrite <= durableWrite)
        {
            waiting.Dequeue();
            if (message.Term < term) continue;
            if (acceptance is not null && !Supersedes(message, acceptance)) Send(acceptance);
            acceptance = null;
            if (message.Kind == MessageKind.AppendAnswer && !message.IsRejected) acceptance = message;
            else Send(message);
        }

        if (acceptance is not null) Send(acceptance);
    }

    public void Clear() => waiting.Clear();

    private static bool Supersedes(Message later, Message earlier) =>
        later.Kind == MessageKind.AppendAnswer && !later.IsRejected && later.To == earlier.To && later.Term == earlier.Term
        && later.LogIndex >= earlier.LogIndex;

    private void Send(Message message)
    {
        counters.MessagesSent++;
        bool isAnswer = message.Kind is MessageKind.AppendAnswer or MessageKind.HeartbeatAnswer;
        bool isFromLeader = message.Kind is MessageKind.Append or MessageKind.Heartbeat;
        transport.Send(new CoreMessage
        {
            To = message.To, Message = message,
            StoreTimeMilliseconds = isFromLeader ? StoreTimeMilliseconds : 0,
            ShardCommitIndex = isFromLeader ? ShardCommitIndex : 0,
            Report = isAnswer ? Report : default,
        });
    }
}
