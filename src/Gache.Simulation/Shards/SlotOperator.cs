using System.Text;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>The operator of a world of shards: sends slots to and fro, most of them with keys, and sometimes changes their mind.</summary>
internal sealed class SlotOperator
{
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MostRegret = TimeSpan.FromSeconds(1);
    private const double Regrets = 0.3;
    private const double MovesNeighbours = 0.2;
    private const double AsksForNobody = 0.05;
    private const int MostNeighbours = 4;

    private readonly World world;
    private readonly SeededRandom random;
    private readonly int[] slots;
    private readonly TimeSpan meanGap;
    private bool isStopped;

    /// <summary>Draws how eager this world's operator is.</summary>
    public SlotOperator(World world, SeededRandom random, IEnumerable<string> keys)
    {
        (this.world, this.random) = (world, random);
        slots = [.. keys.Select(key => Slot.Of(Encoding.UTF8.GetBytes(key))).Distinct()];
        meanGap = random.Between(TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(4));
    }

    /// <summary>Begins to move slots.</summary>
    public void Begin()
    {
        var gap = new TimeSpan((long)(-Math.Log(1 - random.NextDouble()) * meanGap.Ticks));
        world.Scheduler.After(gap, () =>
        {
            if (isStopped) return;
            Move();
            Begin();
        });
    }

    /// <summary>Asks for no more moves; what goes to nobody is kept.</summary>
    public void Stop()
    {
        isStopped = true;
        KeepStrays();
    }

    private void Move()
    {
        int slot = random.Pick(slots);
        SimulatedShard source = random.Pick(world.Shards);
        SimulatedShard target = random.Pick(world.Shards);
        if (source == target || target.Id.IsNone || source.Leader is not { } leader) return;
        if (leader.Run!.Store!.PhaseOf(slot) != SlotPhase.Owned) return; // a rule of thumb: the log decides
        ShardId to = random.Chance(AsksForNobody) ? ShardId.New(random) : target.Id;
        int last = random.Chance(MovesNeighbours) ? Math.Min(slot + random.Next(MostNeighbours), Slot.Count - 1) : slot;
        world.Trace?.Add("operator", $"slots {slot}-{last} from shard {source.Number} at {leader.Name} to {(to == target.Id ? $"shard {target.Number}" : $"nobody ({to})")}");
        Propose(leader, _ => new SlotsCommand(CommandKind.Leave, to, false, SlotSet.Of(slot, last)).Encode());
        if (random.Chance(Regrets)) world.Scheduler.After(random.Between(TimeSpan.Zero, MostRegret), () => Keep(source, slot));
    }

    private void Keep(SimulatedShard source, int slot)
    {
        if (source.Leader is not { } leader) return;
        world.Trace?.Add("operator", $"keep slot {slot} at {leader.Name}");
        Propose(leader, store => store.SlotAt(slot) is { Phase: SlotPhase.Leaving } state ? new SlotCommand(CommandKind.Keep, slot, state.Epoch).Encode() : null);
    }

    private void KeepStrays() => world.Scheduler.After(MostRegret, () =>
    {
        foreach (SimulatedShard shard in world.Shards)
        {
            if (shard.Leader?.Run?.Store is not { } store) continue;
            foreach (int slot in store.MovingSlots.Where(s => IsStray(store.SlotAt(s))).ToArray()) Keep(shard, slot);
        }

        KeepStrays();
    });

    private bool IsStray(SlotState state) => state.Phase == SlotPhase.Leaving && world.Shards.TrueForAll(s => s.Id != state.Transfer.Peer);

    private void Propose(Machine leader, Func<KeyValueStore, byte[]?> command) => leader.Process!.After(Way, () => _ = ProposeAsync(leader, command));

    private async Task ProposeAsync(Machine leader, Func<KeyValueStore, byte[]?> command)
    {
        if (leader.Run?.Replica is not { } replica) return;
        try
        {
            if (await replica.InspectAsync(command).ConfigureAwait(false) is not { } encoded) return;
            WriteAnswer answer = await replica.WriteAsync(encoded).ConfigureAwait(false);
            world.Trace?.Add("operator", $"{leader.Name} says {answer.Refusal?.Detail ?? "done"}");
        }
        catch (OperationCanceledException)
        {
            // the replica loads a snapshot or has ended
        }
    }
}
