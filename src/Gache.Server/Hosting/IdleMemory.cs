using System.Runtime.InteropServices;

namespace Gache.Server.Hosting;

/// <summary>Gives memory back to the system once a node has become quiet: what starting it, or a busy time, took and nothing uses any more.</summary>
/// <remarks>
/// The collector comes by when enough is allocated, which on an idle node is hours away, and the C library keeps what the compiler freed: a fifth of
/// an idle node's memory. It stops the process for some milliseconds, so only where nothing happens, and never with a large heap.
/// </remarks>
internal sealed partial class IdleMemory : IDisposable
{
    /// <summary>How often is looked.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>A node that allocated no more than this in one interval is quiet; gossip and heartbeats of nine nodes allocate 1 MiB.</summary>
    internal const long QuietBytes = 4L * 1024 * 1024;

    /// <summary>After it gave back, that much must have been allocated before it does so again.</summary>
    internal const long WorthwhileBytes = 256L * 1024 * 1024;

    /// <summary>A quiet node's youngest objects are collected when so much was allocated: the collector itself waits for eight times that, which is for
    /// busy nodes.</summary>
    internal const long QuietCollectionBytes = 4L * 1024 * 1024;

    /// <summary>Above this the pause would be felt: the collector is left to itself.</summary>
    internal const long MostHeapBytes = 64L * 1024 * 1024;

    private readonly ITimer timer;
    private readonly Func<long> allocated;
    private readonly Action giveBack;
    private readonly Action collect;
    private long seen;
    private long collectedAt;
    private long? givenBackAt;

    /// <summary>Begins to look.</summary>
    public IdleMemory(TimeProvider clock)
        : this(clock, () => GC.GetTotalAllocatedBytes(), GiveBack, () => GC.Collect(0))
    {
    }

    internal IdleMemory(TimeProvider clock, Func<long> allocated, Action giveBack, Action collect)
    {
        (this.allocated, this.giveBack, this.collect) = (allocated, giveBack, collect);
        timer = clock.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();

    private void Look()
    {
        long now = allocated();
        bool isQuiet = now - seen <= QuietBytes;
        seen = now;
        if (!isQuiet) return;
        if (givenBackAt is { } last && now - last < WorthwhileBytes)
        {
            if (now - collectedAt < QuietCollectionBytes) return;
            collectedAt = now;
            collect();
            return;
        }

        givenBackAt = collectedAt = now;
        giveBack();
    }

    private static void GiveBack()
    {
        if (GC.GetTotalMemory(false) <= MostHeapBytes) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = TrimNativeHeap(0); // whether it could give anything back
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no such call, and keeps little.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimNativeHeap(nuint keep);
}
