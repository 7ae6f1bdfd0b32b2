using System.Threading.Tasks.Sources;

namespace Gache.Bench.Bare.Limit;

/// <summary>A request that waits for what it shares with others; it goes on on the thread that completes it.</summary>
internal sealed class Waiter : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> core;

    /// <summary>The one that came before it.</summary>
    public Waiter? Next { get; set; }

    /// <summary>What a write writes.</summary>
    public byte[] Value { get; init; } = [];

    /// <summary>Ends when it is completed.</summary>
    public ValueTask Task => new(this, core.Version);

    /// <summary>Completes it and all that came before it.</summary>
    public static void CompleteAll(Waiter? newest)
    {
        while (newest is not null)
        {
            Waiter next = newest;
            newest = newest.Next; // first: whoever goes on may be reused
            next.core.SetResult(true);
        }
    }

    /// <summary>Adds it to a list that any thread may add to.</summary>
    public void PushOn(ref Waiter? newest)
    {
        Waiter? seen;
        do Next = seen = Volatile.Read(ref newest);
        while (Interlocked.CompareExchange(ref newest, this, seen) != seen);
    }

    void IValueTaskSource.GetResult(short token) => core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags);
}
