using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

public sealed class JoinTests
{
    /// <summary>
    /// Together well above what a slow follower can still get from the log: a snapshot is taken after 64 MiB, 16 MiB before it are kept, and the
    /// log goes in segments of 64 MiB.
    /// </summary>
    private const int LargeValues = 260;
    private const int LargeValueBytes = 1 << 20;

    [Fact]
    public async Task A_node_joins_while_writes_go_on_and_votes_by_itself()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        await using Node fourth = shard.Another("node4");

        await fourth.StartReadyAsync();
        await shard.VotersAsync(4);
        await writers.GoOnAsync();

        await writers.VerifyAsync(shard);
        await writers.ReplicasAgreeAsync([.. shard.Nodes, fourth]);
    }

    /// <summary>Whoever asks a node that is still empty must not be told that the shard's keys are not there.</summary>
    [Fact]
    public async Task A_node_that_has_just_joined_denies_no_key_and_is_ready_only_when_it_has_what_the_shard_had()
    {
        await using Shard shard = await Shard.StartAsync();
        await shard.WriteAsync(shard.First, "first", "v");
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync(500);
        await using Node fourth = shard.Another("node4");
        await using Node fifth = shard.Another("node5");
        foreach (Node joining in new[] { fourth, fifth })
        {
            joining.Start();
            await Wait.UntilAsync($"{joining.Name} is ready", async () =>
            {
                Answer ready = await joining.Client.SendAsync(HttpMethod.Get, $"{joining.Url}/readyz");
                Answer read = await joining.Client.SendAsync(HttpMethod.Get, joining.Key("first") + "?level=stale");
                Assert.True(ready.Status == 200 ? read.Status == 200 : read.Status is 0 or 200 or 503, $"/readyz: {ready}; the read: {read}");
                return ready.Status == 200;
            });
        }
    }

    [Fact]
    public async Task A_follower_that_is_too_far_behind_gets_a_snapshot()
    {
        await using Shard shard = await Shard.StartAsync();
        Node behind = shard.Nodes[2];
        await behind.Process.KillAsync();
        byte[] value = new byte[LargeValueBytes];
        for (int i = 0; i < LargeValues; i++)
        {
            Random.Shared.NextBytes(value);
            string key = $"large{i % 8}";
            await Wait.UntilAsync($"{key} is written", async () =>
                (await shard.Client.FollowAsync(HttpMethod.Post, shard.First.Key(key), value)).Status == 200);
        }

        await using var writers = new Writers(shard.Nodes);
        await behind.StartReadyAsync();
        await shard.VotersAsync(3);
        await writers.GoOnAsync();

        await writers.VerifyAsync(shard);
        Answer last = await behind.Client.SendAsync(HttpMethod.Get, behind.Key($"large{(LargeValues - 1) % 8}") + "?level=stale");
        Assert.True(last.Body.AsSpan().SequenceEqual(value), $"the last value did not arrive: {last}");
        Assert.True(behind.Process.Log.Contains("installed the leader's snapshot"), behind.Process.Log.ToString());
    }
}
