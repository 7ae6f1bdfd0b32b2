namespace Gache.Replication;

/// <summary>How many requests may be under way before writes are refused: as many as are taken up within a bounded time at the pace of late, so that
/// nobody is let in only to wait longer than anybody would (P10).</summary>
/// <remarks>
/// By Little's law a queue is waited for in proportion to its length, at the pace at which it is worked off. That pace is seen between two batches
/// of which the first left some waiting: what the writes that were taken had waited would tell the same, but only when it is too late.
/// </remarks>
/// <param name="least">The bound never falls below this: a batch is under way and the next must be able to gather, however slow the disk.</param>
/// <param name="most">Nor does it rise above this, where it begins.</param>
/// <param name="longestWait">How long a write should wait at most before it is proposed.</param>
internal sealed class QueueBound(int least, int most, TimeSpan longestWait)
{
    /// <summary>What was seen before the last batch counts so much of what it counted: a disk that hangs once does not count for long.</summary>
    private const double Memory = 0.75;

    private readonly int highest = most;
    private readonly int lowest = Math.Min(least, most);
    private volatile int requests = most;
    private double writes; // worked off of late, in that many seconds
    private double seconds;
    private bool hasLeft;

    /// <summary>The bound; any thread may ask.</summary>
    public int Requests => requests;

    /// <summary>A batch was proposed; told by the step's owner.</summary>
    /// <param name="taken">Its writes.</param>
    /// <param name="left">Those that still wait.</param>
    /// <param name="sinceLast">The time since the batch before it.</param>
    public void Proposed(int taken, int left, TimeSpan sinceLast)
    {
        if (hasLeft)
        {
            writes = (writes * Memory) + taken;
            seconds = (seconds * Memory) + sinceLast.TotalSeconds;
            requests = (int)Math.Clamp(writes / Math.Max(seconds, double.Epsilon) * longestWait.TotalSeconds, lowest, highest);
        }
        else
        {
            requests = Math.Min(highest, requests + taken); // nobody waited but for this: more may come at once
        }

        hasLeft = left > 0;
    }

    /// <summary>What is proposed next is of another leadership: the time until then says nothing.</summary>
    public void Forget() => (hasLeft, writes, seconds) = (false, 0, 0);
}
