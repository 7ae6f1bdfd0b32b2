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

    /// <summary>The members are n2, n3 and n4; n2 and n3 lost their folders, and n4 lives: it looks for them, and not for n1.</summary>
    [Fact]
    public async Task Whoever_a_member_looks_for_consents_to_no_founding()
    {
        await using var world = new ListedWorld(4, 1);
        string[] list = [.. world.List.Take(3)];
        world.Cut.UnionWith([(1, 4), (2, 4), (3, 4)]);
        foreach (int node in (int[])[1, 2, 3]) world.Start(node, list);
        var member = new PeerIdentity(new NodeId(44), new ShardId(7), new ClusterId(3), 5, "n4:7000", "n4:8000");
        foreach (int node in (int[])[2, 3]) world.Node(node).Judge(member, new NodeId((ulong)node));

        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
        Assert.False(world.Node(2).Report().IsEmpty);
        Assert.Contains("n2:8000: it does not say that its folder is empty: member 0000000000000000000000000000002c of shard", world.Words(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_hears_a_folder_that_is_not_empty_consents_to_no_founding()
    {
        await using var world = new ListedWorld(3, 1);
        var lost = new DataFolder(world.Disk(3), "/data");
        lost.WriteIdentity(new FolderIdentity(new NodeId(33), new ShardId(7), new ClusterId(3)));
        lost.BeginAnew(new FolderJoining(new NodeId(34), ["n1:8000"]));
        world.Start(1, "n1:8000", "n2:8000");
        world.Start(2, "n1:8000", "n2:8000", "n3:8000");
        world.Start(3, "n1:8000");

        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
        Assert.Contains("n2:8000: its folder is empty, but it hears n3:8000, whose folder is not", world.Words(1), StringComparison.Ordinal);

        await world.CrashAsync(3); // and what was only heard of is forgotten
        await world.UntilAsync("both are of a shard", () => !world.ShardOf(1).IsNone && world.ShardOf(2) == world.ShardOf(1));
    }

    [Fact]
    public async Task Whoever_has_only_just_started_listens_for_members_before_it_consents()
    {
        await using var world = new ListedWorld(2, 1);
        world.Start(1, world.List);
        await world.PassAsync(Long);
        world.Start(2, world.List);

        await world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(world.Shards);
        Assert.Contains("n2:8000: its folder is empty, but it listens first", world.Words(1), StringComparison.Ordinal);

        world.Node(2).Judge(new PeerIdentity(new NodeId(44), new ShardId(7), new ClusterId(3), 5, "n4:7000", ""), new NodeId(22));
        await world.PassAsync(Long);
        Assert.Empty(world.Shards);
    }

    /// <summary>n1 founds with the consent of both others, which cannot reach it; a second n1 with an empty folder asks the same two.</summary>
    [Fact]
    public async Task A_second_first_gets_no_consent_where_the_one_before_it_has_it()
    {
        await using var world = new ListedWorld(3, 1);
        world.Cut.UnionWith([(2, 1), (3, 1)]);
        foreach (int node in world.All) world.Start(node, world.List);
        await world.UntilAsync("n1 founded", () => !world.ShardOf(1).IsNone);
        (ShardId shard, NodeId founder) = (world.ShardOf(1), world.Node(1).Report().Node);

        await world.CrashAsync(1); // for those who ask: it lives on where nobody reaches it
        world.Wipe(1);
        world.Start(1, world.List);
        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
        Assert.Contains($"n2:8000: its folder is empty, and it agreed before that node {founder} at n1:8000 founds shard {shard}", world.Words(1), StringComparison.Ordinal);
        Assert.Contains("stop the nodes that agreed, empty their folders and start them again", world.Words(1), StringComparison.Ordinal);
        Assert.Contains($"this node agreed that node {founder} at n1:8000 founds shard {shard}", world.Words(2), StringComparison.Ordinal);
        Assert.Equal(1, world.Said.Count($"n2:8000: its folder is empty, and it agreed before that node {founder}"));

        // An operator who knows that the first is gone for good does as the words say.
        world.Cut.Clear();
        foreach (int node in (int[])[2, 3])
        {
            await world.CrashAsync(node);
            world.Wipe(node);
            world.Start(node, world.List);
        }

        await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
        Assert.NotEqual(shard, Assert.Single(world.Shards));
    }

    /// <summary>It got one of two consents and crashed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_first_that_comes_back_with_its_folder_goes_on_and_one_without_is_told_apart(bool isFolderLost)
    {
        await using var world = new ListedWorld(3, 1);
        world.Deaf.Add(3);
        foreach (int node in world.All) world.Start(node, world.List);
        await world.UntilAsync("n2 agreed", () => world.Node(2).Report().Consent is not null);
        FoundingConsent consent = world.Node(2).Report().Consent!;
        await world.PassAsync(Long);
        Assert.Empty(world.Shards);
        await world.CrashAsync(1);
        if (isFolderLost) world.Wipe(1);
        world.Deaf.Clear();

        world.Start(1, world.List);
        if (isFolderLost)
        {
            await world.PassAsync(Long);
            Assert.Empty(world.Shards);
            Assert.Contains($"it agreed before that node {consent.Founder}", world.Words(1), StringComparison.Ordinal);
            await world.CrashAsync(2);
            world.Wipe(2);
            world.Start(2, world.List);
        }

        await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
        Assert.Equal(isFolderLost, consent.Shard != Assert.Single(world.Shards));
    }

    /// <summary>Power fails at each operation of the disk of the node that is asked.</summary>
    [Fact]
    public async Task What_was_agreed_to_is_still_agreed_to_after_a_power_failure()
    {
        var first = new FoundingConsent(new ShardId(5), new NodeId(15), "n1:8000");
        var second = new FoundingConsent(new ShardId(6), new NodeId(16), "n1:8000");
        int answered = 0, failed = 0;
        for (int operation = 1; answered < 2; operation++)
        {
            await using var world = new ListedWorld(2, operation);
            world.Start(2, world.List);
            await world.PassAsync(TimeSpan.FromSeconds(3));
            world.Disk(2).Faults.CrashAtOperation = world.Disk(2).Operations + operation;
            bool isAgreed = world.Node(2).Agree(first).Consent == first;
            if (isAgreed) answered++;
            else failed++;
            await world.CrashAsync(2);
            world.Disk(2).Faults.CrashAtOperation = 0;

            world.Start(2, world.List);
            await world.PassAsync(TimeSpan.FromSeconds(3));
            FoundingConsent? now = world.Node(2).Agree(second).Consent;
            if (isAgreed) Assert.Equal(first, now);
            else Assert.True(now == first || now == second, $"operation {operation}: {now}");
        }

        Assert.True(failed > 2, $"only {failed} crashes fell into the consent");
    }

    [Fact]
    public async Task A_node_consents_only_to_the_first_of_its_own_list_and_the_first_to_nobody()
    {
        await using var world = new ListedWorld(3, 1);
        world.Start(1, world.List);
        world.Start(2, world.List);
        await world.PassAsync(TimeSpan.FromSeconds(4));

        Assert.Null(world.Node(2).Agree(new FoundingConsent(new ShardId(5), new NodeId(15), "n3:8000")).Consent);
        Assert.Null(world.Node(1).Agree(new FoundingConsent(new ShardId(5), new NodeId(15), "n1:8000")).Consent);
        var good = new FoundingConsent(new ShardId(5), new NodeId(15), "N1:8000");
        Assert.Equal(good, world.Node(2).Agree(good).Consent);
    }

    /// <summary>With its consent another may have founded: it must not found itself, whatever list it has later.</summary>
    [Fact]
    public async Task Whoever_agreed_to_another_founds_nothing_itself()
    {
        await using var world = new ListedWorld(2, 1);
        world.Start(2, world.List);
        await world.PassAsync(TimeSpan.FromSeconds(3));
        Assert.NotNull(world.Node(2).Agree(new FoundingConsent(new ShardId(5), new NodeId(15), "n1:8000")).Consent);
        await world.CrashAsync(2);

        foreach (int node in world.All) world.Start(node, "n2:8000", "n1:8000");
        await world.PassAsync(Long);

        Assert.Empty(world.Shards);
        Assert.Contains("founding nothing: this node agreed that node", world.Words(2), StringComparison.Ordinal);
    }

    /// <summary>Power fails at each operation of the first node's disk in turn, from its start to its first steps as a leader.</summary>
    [Fact]
    public async Task A_first_that_fails_at_any_operation_founds_one_shard_in_the_end()
    {
        int founded = 0, failed = 0, between = 0;
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
            if (world.ShardOf(1).IsNone && world.Node(2).Report().Consent is not null) between++;

            world.Start(1, world.List);
            await world.UntilAsync("both are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
            Assert.Single(world.Shards);
        }

        Assert.True(failed > 5, $"only {failed} crashes fell into the founding");
        Assert.True(between > 5, $"only {between} crashes fell between the consent and the founding");
    }

    /// <summary>Random starts, crashes, lost disks and cut lines: at no time do two folders name two shards.</summary>
    [Fact]
    public async Task Nothing_that_happens_to_them_makes_two_shards()
    {
        int founded = 0, emptied = 0;
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
            await world.PassAsync(Long);
            if (world.Shards.Length == 0) // a first was lost after the others had agreed to it: whoever knows that there is no shard any more acts
            {
                emptied++;
                foreach (int node in world.All)
                {
                    await world.CrashAsync(node);
                    world.Wipe(node);
                    world.Start(node, world.List);
                }
            }

            await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
            Assert.Single(world.Shards);
        }

        Assert.True(founded > 50, $"in only {founded} steps was there a shard");
        Assert.True(emptied < 6, $"{emptied} times no node could found any more");
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
