using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P1, P11: SIGKILL while writes are in flight loses nothing that was acknowledged.</summary>
public sealed class KillTests
{
    /// <summary>The goal for one kill is a median of 0.6 s; here only "it does not take for ever" is held, on a busy machine.</summary>
    private static readonly TimeSpan FailoverBound = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_leader_is_killed_again_and_again()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        for (int round = 0; round < 5; round++)
        {
            await writers.GoOnAsync();
            Node leader = await shard.LeaderAsync();
            await leader.Process.KillAsync();
            await writers.GoOnAsync(within: FailoverBound);
            await leader.StartReadyAsync();
        }

        await shard.VotersAsync(3);
        await writers.VerifyAsync(shard);
    }

    [Fact]
    public async Task Each_node_is_killed_in_turn()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        foreach (Node node in shard.Nodes)
        {
            await writers.GoOnAsync();
            await node.Process.KillAsync();
            await writers.GoOnAsync(within: FailoverBound);
            await node.StartReadyAsync();
        }

        await writers.VerifyAsync(shard);
    }

    [Fact]
    public async Task All_are_killed_at_once_again_and_again()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        for (int round = 0; round < 5; round++)
        {
            await writers.GoOnAsync();
            foreach (Node node in shard.Nodes) node.Process.Send(Signal.Kill);
            foreach (Node node in shard.Nodes) await node.Process.ExitAsync();
            await shard.RestartAllAsync();
        }

        await writers.VerifyAsync(shard);
    }

    [Fact]
    public async Task A_single_node_is_killed_and_has_everything()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await using var writers = new Writers(shard.Nodes);
        for (int round = 0; round < 5; round++)
        {
            await writers.GoOnAsync();
            await shard.First.Process.KillAsync();
            await shard.First.StartReadyAsync();
        }

        await writers.VerifyAsync(shard);
    }
}
