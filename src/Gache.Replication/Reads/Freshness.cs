namespace Gache.Replication;

/// <summary>How far this replica is behind what its shard has committed, by entries and by time. Owned by the step.</summary>
/// <remarks>
/// The core's own commit index says nothing of that: it is never beyond what the log here holds. What counts is what the leader tells of itself.
/// </remarks>
internal sealed class Freshness
{
    private const long SampleTicks = 10;
    private const int Samples = 10; // of 100 ms each: one second

    private readonly Queue<ulong> samples = new();
    private ulong? first;
    private bool hasCaughtUp;
    private long nextSampleTick;

    /// <summary>The highest index that the shard is known to have committed.</summary>
    public ulong ShardCommit { get; private set; }

    /// <summary>What <see cref="ShardCommit"/> was a second ago; null before this replica has listened for so long.</summary>
    public ulong? ShardCommitSecondAgo => samples.Count == Samples ? samples.Peek() : null;

    /// <summary>The leader of the present term says that so much is committed.</summary>
    public void Hear(ulong commit)
    {
        first ??= commit;
        ShardCommit = Math.Max(ShardCommit, commit);
    }

    /// <summary>Whether the store has ever reached what the shard had committed when this process first heard of it.</summary>
    public bool HasCaughtUp(ulong applied) => hasCaughtUp |= applied >= first;

    /// <summary>Time passed.</summary>
    public void Tick(long tick)
    {
        if (first is null || tick < nextSampleTick) return;
        nextSampleTick = tick + SampleTicks;
        if (samples.Count == Samples) samples.Dequeue();
        samples.Enqueue(ShardCommit);
    }
}
