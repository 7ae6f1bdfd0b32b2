using Gache.Log;
using Gache.Primitives;
using Xunit;

namespace Gache.Replication.Tests.Node.Founding;

/// <summary>P8: nodes with one and the same list found one shard, whatever happens to them.</summary>
public sealed class ListedNodesTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Three_with_one_list_found_one_shard()
    {
        await using var world = new ListedWorld(3, 1);
        foreach (int node in world.All) world.Start(node, world.List);

        await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));

        Assert.Single(world.Shards);
        Assert.False(new DataFolder(world.Disk(1), "/data").IsEmpty);
    }

    [Fact]
    public async Task As_long_as_one_of_them_is_silent_nobody_founds_and_all_say_whom_they_wait_for()
    {
        await using var world = new ListedWorld(3, 1);
        world.Start(1, world.List);
        world.Start(2, world.List);

        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
        foreach (int node in (int[])[1, 2]) Assert.Contains("n3:8000: nobody answers", world.Words(node), StringComparison.Ordinal);
        Assert.Contains("waiting for n1:8000, the first of --raft-join", world.Words(2), StringComparison.Ordinal);

        world.Start(3, world.List);
        await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
        Assert.Single(world.Shards);
    }

    /// <summary>P8: what the folder says counts, not what the options have forgotten.</summary>
    [Fact]
    public async Task A_first_that_waited_founds_nothing_when_its_list_is_gone()
    {
        await using var world = new ListedWorld(3, 1);
        world.Start(1, world.List);
        await world.PassAsync(Long);
        await world.CrashAsync(1);
        world.Start(1);

        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
    }

    [Fact]
    public async Task A_wiped_first_joins_what_the_others_have_and_waits_while_they_are_silent()
    {
        await using var world = new ListedWorld(3, 1);
        foreach (int node in world.All) world.Start(node, world.List);
        await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
        ShardId shard = world.ShardOf(2);
        await world.CrashAsync(1);
        await world.CrashAsync(2);
        world.Wipe(1);
        world.Cut.Add((1, 3));

        world.Start(1, world.List);
        await world.PassAsync(Long);
        Assert.Equal([shard], world.Shards);
        Assert.True(world.ShardOf(1).IsNone);

        world.Start(2, world.List);
        await world.UntilAsync("it joined", () => world.ShardOf(1) == shard);
    }

    [Fact]
    public async Task A_member_that_looks_for_its_own_at_this_address_keeps_a_wiped_first_from_founding_and_is_asked()
    {
        await using var world = new ListedWorld(3, 1);
        new DataFolder(world.Disk(3), "/data").WriteIdentity(new FolderIdentity(new NodeId(33), new ShardId(7), new ClusterId(3)));
        world.Start(1, "n1:8000", "n2:8000");
        world.Start(2, "n1:8000", "n2:8000");
        world.Node(1).Judge(new PeerIdentity(new NodeId(33), new ShardId(7), new ClusterId(3), 5, "n3:7000", "n3:8000"), new NodeId(44));

        await world.PassAsync(Long);

        Assert.True(world.ShardOf(1).IsNone && world.ShardOf(2).IsNone);
        Assert.Contains("of shard 00000000000000000000000000000007 looks for a member at this address", world.Words(1), StringComparison.Ordinal);
        Assert.Contains("n3:8000: nobody answers", world.Words(1), StringComparison.Ordinal);
    }

    /// <summary>A member that lost its data answers that its folder is not empty: the shard may live on elsewhere.</summary>
    [Fact]
    public async Task A_folder_that_was_set_aside_is_no_consent()
    {
        await using var world = new ListedWorld(2, 1);
        var folder = new DataFolder(world.Disk(2), "/data");
        folder.WriteIdentity(new FolderIdentity(new NodeId(33), new ShardId(7), new ClusterId(3)));
        folder.BeginAnew(new FolderJoining(new NodeId(34), ["n1:8000"]));

        foreach (int node in world.All) world.Start(node, world.List);
        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
        Assert.Contains("n2:8000: it does not say that its folder is empty", world.Words(1), StringComparison.Ordinal);
    }

    /// <summary>The name gives each node another part of all, and the second only itself; the first founds by its own name, and nobody else does.</summary>
    [Fact]
    public async Task A_name_that_gives_each_node_something_else_makes_no_second_founder()
    {
        await using var world = new ListedWorld(4, 1);
        string[] list = ["n1:8000", "all:8000"];
        string[][] given = [["n1:8000", "n2:8000"], ["n2:8000"], ["n3:8000", "n4:8000"], ["n3:8000", "n4:8000"]];
        world.Names = (from, name) => name == "all:8000" ? given[from - 1] : [name];
        foreach (int node in world.All) world.Start(node, list);

        await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));

        Assert.Single(world.Shards);
    }

    [Fact]
    public async Task A_name_alone_founds_nothing()
    {
        await using var world = new ListedWorld(3, 1);
        world.Names = (_, name) => name == "all:8000" ? world.List : [name];
        foreach (int node in world.All) world.Start(node, "all:8000");

        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
        Assert.Contains("it calls itself n2:8000 (--advertise), not all:8000", world.Words(1), StringComparison.Ordinal);
    }

    /// <summary>Power fails at each operation of the first node's disk in turn, from its start to its first steps as a leader.</summary>
    [Fact]
    public async Task A_first_that_fails_at_any_operation_founds_one_shard_in_the_end()
    {
        int founded = 0, failed = 0;
        for (int operation = 1; founded < 3; operation += 2)
        {
            Assert.True(operation < 1_000, "it never got through");
            await using var world = new ListedWorld(2, operation);
            world.Disk(1).Faults.CrashAtOperation = world.Disk(1).Operations + operation;
            world.Start(2, world.List);
            bool isThrough = await TryAsync(world);
            if (isThrough) founded++;
            else failed++;
            if (world.IsRunning(1)) await world.CrashAsync(1);
            else world.Disk(1).Crash();
            world.Disk(1).Faults.CrashAtOperation = 0;

            world.Start(1, world.List);
            await world.UntilAsync("both are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
            Assert.Single(world.Shards);
        }

        Assert.True(failed > 5, $"only {failed} crashes fell into the founding");
    }

    /// <summary>Random starts, crashes, lost disks and cut lines: at no time do two folders name two shards.</summary>
    [Fact]
    public async Task Nothing_that_happens_to_them_makes_two_shards()
    {
        int founded = 0;
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            await using var world = new ListedWorld(4, seed);
            for (int step = 0; step < 60; step++)
            {
                int node = random.Next(1, 5);
                switch (random.Next(8))
                {
                    case 0 or 1 or 2: if (!world.IsRunning(node)) world.Start(node, world.List); break;
                    case 3: if (world.IsRunning(node)) await world.CrashAsync(node); break;
                    case 4:
                        if (world.IsRunning(node)) await world.CrashAsync(node);
                        world.Wipe(node);
                        break;
                    case 5: world.Cut.Add((node, random.Next(1, 5))); break;
                    default: world.Cut.Clear(); break;
                }

                await world.PassAsync(TimeSpan.FromMilliseconds(random.Next(1_000)));
                Assert.True(world.Shards.Length <= 1, $"seed {seed}, step {step}: shards {string.Join(", ", world.Shards)}");
                if (world.Shards.Length == 1) founded++;
            }

            world.Cut.Clear();
            foreach (int node in world.All) if (!world.IsRunning(node)) world.Start(node, world.List);
            await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
            Assert.Single(world.Shards);
        }

        Assert.True(founded > 50, $"in only {founded} steps was there a shard");
    }

    private static async Task<bool> TryAsync(ListedWorld world)
    {
        try
        {
            world.Start(1, world.List);
        }
        catch (SimulatedCrashException)
        {
            return false;
        }

        await world.UntilAsync("it founded or failed", () => !world.ShardOf(1).IsNone || world.Node(1).Ended.IsCompleted);
        return !world.Node(1).Ended.IsCompleted;
    }
}
