namespace Gache.Replication;

/// <summary>How many writes, and bytes of them, may be under way before others are refused: as many as are carried out within a bounded time at the pace
/// of late, so that nobody is let in only to be told at the end of the request timeout that it was too late (P10).</summary>
/// <remarks>
/// By Little's law what is under way takes a time in proportion to its amount, at the pace at which it is worked off. That pace is seen between two
/// commits of which the first left some under way: at the commit, as a leader with a quick disk may have slow followers; in bytes as well, as a disk that
/// is quick with small values may be slow with large ones.
/// </remarks>
/// <param name="requests">The bound in requests: it never falls below the first, so that the next batch can gather however slow the disk, nor rises
/// above the second, where it begins.</param>
/// <param name="bytes">The same in bytes.</param>
/// <param name="longest">How long a write should take at most.</param>
internal sealed class QueueBound((int Least, int Most) requests, (long Least, long Most) bytes, TimeSpan longest)
{
    /// <summary>What was seen before the last batch counts so much of what it counted: a disk that hangs once does not count for long.</summary>
    private const double Memory = 0.75;

    private readonly int leastRequests = Math.Min(requests.Least, requests.Most);
    private readonly long leastBytes = Math.Min(bytes.Least, bytes.Most);
    private volatile int mostRequests = requests.Most;
    private volatile bool isStalled;
    private long mostBytes = bytes.Most;
    private (double Requests, double Bytes, double Seconds) carried; // of late
    private bool hasLeft;

    /// <summary>The bound in requests; any thread may ask.</summary>
    public int Requests => isStalled ? 0 : mostRequests;

    /// <summary>The bound in bytes of those before; any thread may ask.</summary>
    public long Bytes => Volatile.Read(ref mostBytes);

    /// <summary>Writes were committed; told by the step's owner.</summary>
    /// <param name="count">How many.</param>
    /// <param name="size">Their bytes.</param>
    /// <param name="isAnyLeft">Whether others are under way.</param>
    /// <param name="sinceLast">The time since it was told last.</param>
    public void Committed(int count, long size, bool isAnyLeft, TimeSpan sinceLast)
    {
        isStalled = false;
        if (hasLeft)
        {
            double seconds = Math.Min(sinceLast.TotalSeconds, 2 * longest.TotalSeconds);
            carried = ((carried.Requests * Memory) + count, (carried.Bytes * Memory) + size, (carried.Seconds * Memory) + seconds);
            double times = longest.TotalSeconds / Math.Max(carried.Seconds, double.Epsilon);
            mostRequests = (int)Math.Clamp(carried.Requests * times, leastRequests, requests.Most);
            Volatile.Write(ref mostBytes, (long)Math.Clamp(carried.Bytes * times, leastBytes, bytes.Most));
        }
        else
        {
            // Nobody waited but for this: more may come at once.
            mostRequests = Math.Min(requests.Most, mostRequests + count);
            Volatile.Write(ref mostBytes, Math.Min(bytes.Most, mostBytes + size));
        }

        hasLeft = isAnyLeft;
    }

    /// <summary>Nothing is under way: the time until something is says nothing.</summary>
    public void Rest() => hasLeft = false;

    /// <summary>Looks at what has been proposed and not committed for longest: if nothing comes of it for so long, no more is let in.</summary>
    public void Look(TimeSpan oldest) => isStalled = oldest > longest;

    /// <summary>What is proposed next is of another leadership.</summary>
    public void Forget() => (hasLeft, isStalled, carried) = (false, false, default);
}
