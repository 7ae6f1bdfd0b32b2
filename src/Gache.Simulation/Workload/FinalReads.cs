using Gache.Replication;

namespace Gache.Simulation;

/// <summary>Reads every key once more when all is healed, until each was answered: the last state that the history must explain.</summary>
internal sealed class FinalReads
{
    private const int ClientNumber = 0;
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(300);

    private readonly World world;
    private readonly SeededRandom random;
    private int left;

    /// <summary>Begins to read.</summary>
    public FinalReads(World world, SeededRandom random, WorkloadOptions workload)
    {
        this.world = world;
        this.random = random;
        left = workload.Keys;
        for (int i = 0; i < left; i++) Read(workload.KeyOf(i), hint: null);
    }

    /// <summary>True once every key was read.</summary>
    public bool AreDone => left == 0;

    private void Read(string key, string? hint)
    {
        // Anywhere, and then where it is sent.
        Machine machine = world.Machines.FirstOrDefault(m => hint is null ? !world.IsCluster && m.IsLeader : m.ApiAddress == hint) ?? random.Pick(world.Machines);
        if (machine.Process is { IsAlive: true } process) process.After(Way, () => _ = ReadAsync(machine, key));
        else world.Scheduler.After(Again, () => Read(key, hint: null));
    }

    private async Task ReadAsync(Machine machine, string key)
    {
        Operation operation = world.History.Invoke(ClientNumber, OperationKind.Read, key);
        using ReadAnswer answer = await machine.ReadAsync(key, ReadLevel.Linearizable).ConfigureAwait(false);
        if (answer.Refusal is not null)
        {
            world.History.GiveUp(operation);
            world.Scheduler.After(Again, () => Read(key, answer.Refusal.LeaderApi));
            return;
        }

        world.History.CompleteRead(operation, answer.IsFound, answer.IsFound ? ValueCodec.Decode(answer.Value.Span) : 0, answer.Revision);
        left--;
    }
}
