namespace Gache.Raft;

/// <summary>What was sent to a follower and not answered yet: at most so many messages and so many bytes.</summary>
internal sealed class InflightWindow(int maxMessages, long maxBytes)
{
    private readonly Queue<(ulong LastIndex, long Bytes)> sent = new();
    private long bytes;

    public bool IsFull => sent.Count >= maxMessages || bytes >= maxBytes;

    public int Count => sent.Count;

    public void Add(ulong lastIndex, long messageBytes)
    {
        sent.Enqueue((lastIndex, messageBytes));
        bytes += messageBytes;
    }

    public void FreeTo(ulong index)
    {
        while (sent.TryPeek(out (ulong LastIndex, long Bytes) first) && first.LastIndex <= index)
        {
            sent.Dequeue();
            bytes -= first.Bytes;
        }
    }

    public void Clear()
    {
        sent.Clear();
        bytes = 0;
    }
}
