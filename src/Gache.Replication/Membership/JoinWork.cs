namespace Gache.Replication;

/// <summary>A join that the leader is carrying out.</summary>
internal sealed class JoinWork(JoinRequest request, TaskCompletionSource<JoinAnswer> answer, long deadlineTick)
{
    public JoinRequest Request { get; } = request;

    public long DeadlineTick { get; } = deadlineTick;

    /// <summary>Who answered at the address; null while it is being dialled.</summary>
    public PeerIdentity? Met { get; set; }

    /// <summary>Where the configuration with the joiner stands in the log; 0 until it is proposed.</summary>
    public ulong Index { get; set; }

    public bool IsAnswered => answer.Task.IsCompleted;

    public void Answer(JoinAnswer result) => answer.TrySetResult(result);

    public void Refuse(JoinRefusal verdict, string detail) => Answer(new JoinAnswer(null, verdict, detail));
}
