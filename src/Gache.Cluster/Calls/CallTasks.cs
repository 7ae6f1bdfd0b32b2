using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Calls that are awaited.</summary>
internal static class CallTasks
{
    /// <summary>As <see cref="ICalls"/>; goes on, on the thread that told the end, so what follows must not block.</summary>
    public static Task<CallResult> CallAsync(this ICalls calls, string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout)
    {
        var answer = new TaskCompletionSource<CallResult>();
        calls.Call(address, expectedReceiver, kind, body, timeout, result => answer.TrySetResult(result));
        return answer.Task;
    }
}
