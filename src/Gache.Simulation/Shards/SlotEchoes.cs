using Gache.Raft;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>
/// Proposes slot commands of a shard's log once more, long after: what a run of an earlier leader may do that was held up and goes on. Each
/// names the epoch, state or stream that it acts on, so that apply must refuse it, or it must be right still (design: Moving slots).
/// </summary>
internal sealed class SlotEchoes(World world, SeededRandom random)
{
    private const int MostKept = 32;
    private static readonly TimeSpan MostGap = TimeSpan.FromSeconds(4);

    private readonly Dictionary<SimulatedShard, Queue<byte[]>> heard = [];
    private bool isStopped;

    /// <summary>Begins to propose.</summary>
    public void Begin() => world.Scheduler.After(random.Between(TimeSpan.Zero, MostGap), () =>
    {
        if (isStopped) return;
        Repeat();
        Begin();
    });

    /// <summary>Proposes nothing more.</summary>
    public void Stop() => isStopped = true;

    /// <summary>A leader has an entry in its log.</summary>
    public void See(SimulatedShard shard, in Entry entry)
    {
        // Not those of the operator: who wants a slot moved again may have it moved.
        if (entry.Kind != EntryKind.Command || entry.Payload.Span[0] is < (byte)CommandKind.BeginImport or > (byte)CommandKind.Release or (byte)CommandKind.Keep) return;
        if (!heard.TryGetValue(shard, out Queue<byte[]>? kept)) heard.Add(shard, kept = new Queue<byte[]>());
        kept.Enqueue(entry.Payload.ToArray());
        if (kept.Count > MostKept) kept.Dequeue();
    }

    private void Repeat()
    {
        SimulatedShard shard = random.Pick(world.Shards);
        if (shard.Leader is not { Run.Replica: Replica replica } leader || !heard.TryGetValue(shard, out Queue<byte[]>? kept)) return;
        byte[] command = [.. random.Pick(kept.ToArray())];
        world.Trace?.Add("echo", $"{(CommandKind)command[0]} again at {leader.Name}");
        leader.Process!.After(TimeSpan.Zero, () => _ = replica.WriteAsync(command).AsTask());
    }
}
