namespace Gache.Bench.Bare.Limit;

/// <summary>All reads that wait share one round to the followers; who comes meanwhile waits for the next.</summary>
internal sealed class SharedRounds(Followers followers)
{
    private Waiter? newest;
    private Waiter? asked;
    private int isUnderWay;
    private long begun;
    private long ended;

    /// <summary>Ends when a follower has answered a round that began after this was called.</summary>
    public ValueTask ConfirmAsync()
    {
        var waiter = new Waiter();
        ValueTask task = waiter.Task;
        waiter.PushOn(ref newest);
        Begin();
        return task;
    }

    /// <summary>A follower has answered.</summary>
    public void Answered(long round)
    {
        if (Interlocked.CompareExchange(ref ended, round, round - 1) != round - 1) return; // the other one was quicker
        Waiter? confirmed = asked;
        Interlocked.Exchange(ref isUnderWay, 0); // with a fence: who queued just before it and saw a round under way is seen below
        Begin();
        Waiter.CompleteAll(confirmed);
    }

    private void Begin()
    {
        while (Volatile.Read(ref newest) is not null && Interlocked.Exchange(ref isUnderWay, 1) == 0)
        {
            asked = Interlocked.Exchange(ref newest, null);
            if (asked is not null)
            {
                Span<byte> frame = stackalloc byte[Frame.HeadBytes];
                Frame.WriteHead(frame, 0, ++begun);
                followers.Send(frame);
                return;
            }

            Interlocked.Exchange(ref isUnderWay, 0); // another thread had taken them
        }
    }
}
