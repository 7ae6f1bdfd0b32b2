using System.Diagnostics;
using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

/// <summary>The calling side of a test.</summary>
internal static class Calling
{
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    public static readonly ClusterIdentity Me = new(new NodeId(9), Port.Cluster, 42);

    public static CallClient Client(ClusterIdentity? identity = null, TimeProvider? time = null, RecordingLogger? log = null) => new(new CallClientOptions
    {
        Identity = () => identity ?? Me,
        Time = time ?? TimeProvider.System,
        Logger = log ?? new RecordingLogger(),
    });

    public static Task<CallResult> CallAsync(
        this ICalls calls, string address, CallKind kind, ReadOnlyMemory<byte> body, NodeId expected = default, TimeSpan? timeout = null)
    {
        var end = new TaskCompletionSource<CallResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Call(address, expected, kind, body, timeout ?? Long, end.SetResult); // throws if it is told twice
        return end.Task;
    }

    public static void Until(Func<bool> condition, string what)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < Long, $"it did not happen in time that {what}");
            Thread.Yield();
        }
    }

    public static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
