using Gache.Replication;

namespace Gache.Simulation;

/// <summary>Brings one request to an answer: asks a node, gives up waiting, asks another one, until somebody carried it out or declined it.</summary>
/// <remarks>So it is for what may be asked again as it was: reads, and commands with an Idempotency-Key.</remarks>
internal sealed class Errand
{
    private static readonly TimeSpan LeastWay = TimeSpan.FromMicroseconds(50);
    private static readonly TimeSpan MostWay = TimeSpan.FromMicroseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan MostWait = TimeSpan.FromMilliseconds(300);
    private const double LostAnswers = 0.1;

    private readonly World world;
    private readonly SeededRandom random;
    private readonly Func<Machine, Task<(Action? Answered, Refusal? Refusal)>> ask;
    private int attempt;
    private bool isDone;

    /// <summary>Begins to ask.</summary>
    /// <param name="world">Where.</param>
    /// <param name="random">The asker's dice.</param>
    /// <param name="ask">Asks a machine, inside its process: what to do with the answer once it has arrived, or why there is none.</param>
    public Errand(World world, SeededRandom random, Func<Machine, Task<(Action? Answered, Refusal? Refusal)>> ask)
    {
        (this.world, this.random, this.ask) = (world, random, ask);
        Try(null);
    }

    private void Try(string? hint)
    {
        int number = ++attempt;
        Machine machine = world.Machines.FirstOrDefault(m => m.ApiAddress == hint) ?? random.Pick(world.Machines);
        if (machine.Process is not { IsAlive: true } process)
        {
            world.Scheduler.After(random.Between(TimeSpan.Zero, MostWait), () => Again(number, null));
            return;
        }

        world.Scheduler.After(Patience, () => Again(number, null));
        process.After(random.Between(LeastWay, MostWay), () => _ = AskAsync(machine, process, number));
    }

    private async Task AskAsync(Machine machine, NodeProcess process, int number)
    {
        Action? answered;
        Refusal? refusal;
        try
        {
            (answered, refusal) = await ask(machine).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // whatever it is, it is the node's failure and goes to the world
        catch (Exception exception)
#pragma warning restore CA1031
        {
            machine.Failed(exception);
            return;
        }

        if (!process.IsAlive || random.Chance(LostAnswers)) return; // what is lost is missed when the patience is over
        world.Scheduler.After(random.Between(LeastWay, MostWay), () =>
        {
            if (isDone || number != attempt) return;
            if (answered is null)
            {
                world.Scheduler.After(refusal!.LeaderApi is null ? random.Between(TimeSpan.Zero, MostWait) : TimeSpan.Zero, () => Again(number, refusal.LeaderApi));
                return;
            }

            isDone = true;
            answered();
        });
    }

    private void Again(int number, string? hint)
    {
        if (!isDone && number == attempt) Try(hint);
    }
}
