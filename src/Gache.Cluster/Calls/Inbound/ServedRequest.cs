namespace Gache.Cluster.Calls.Inbound;

/// <summary>One request from its arrival until its answer is written, or nobody waits for it any more.</summary>
internal sealed class ServedRequest(ServedConnection connection, ulong id, CallKind kind, long deadline, int heldBytes)
{
    private readonly CancellationTokenSource? abandoning = kind == CallKind.ForwardWait ? new CancellationTokenSource() : null;
    private int isAnswered;

    public ulong Id { get; } = id;

    public CallKind Kind { get; } = kind;

    /// <summary>The timestamp after which its caller waits no more.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>Nobody takes its answer any more; only of calls that wait long.</summary>
    public CancellationToken Abandoned => abandoning?.Token ?? default;

    /// <summary>What it holds now: its body, then its answer. Guarded by <see cref="ServedRequests"/>.</summary>
    public int HeldBytes { get; set; } = heldBytes;

    /// <summary>It waits to be sent. Guarded likewise.</summary>
    public bool HasAnswer { get; set; }

    /// <summary>Tells its handler so; on another thread.</summary>
    public void Abandon() => _ = abandoning?.CancelAsync();

    /// <summary>Handed to the handler; only the first call counts, and none after the connection or the caller's patience ended.</summary>
    public void Answer(ReadOnlyMemory<byte> body)
    {
        if (Interlocked.Exchange(ref isAnswered, 1) == 0) connection.Answer(this, body);
    }
}
