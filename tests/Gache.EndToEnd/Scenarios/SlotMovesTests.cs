using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P9: slots move online, with writes going on and nodes killed; nothing is lost, doubled or misread.</summary>
public sealed class SlotMovesTests
{
    private static readonly TimeSpan MoveBound = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_slot_moves_to_and_fro_under_load_and_every_answer_stays_right()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        string[] shards = await cluster.ShardIdsAsync();
        int moves = int.Parse(Environment.GetEnvironmentVariable("GACHE_SLOT_MOVES") ?? "20", CultureInfo.InvariantCulture);

        // One tag is one slot; its keys are written, read and counted while the slot changes its owner.
        await using var user = new TagUser(cluster, "{t}");
        int slot = SlotOf("t");
        int owner = ShardedCluster.ShardOf(slot);
        for (int move = 0; move < moves; move++)
        {
            owner = (owner + 1) % 3;
            await cluster.MoveAsync(cluster.Nodes[move % 3], $"[[{slot},{slot}]]", shards[owner]);
            await DoneAsync(cluster, shards[owner], slot);
            user.ThrowIfWrong();
        }

        await user.StopAsync();
        Assert.True(user.Writes > moves, $"{user.Writes} writes");
        TestContext.Current.SendDiagnosticMessage($"a slot moved {moves} times under {user.Writes} acknowledged writes: no answer was wrong");
    }

    [Fact]
    public async Task Many_slots_move_while_leaders_of_both_ends_are_killed()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        string[] shards = await cluster.ShardIdsAsync();
        await using var writers = new Writers(cluster.Nodes);
        await writers.GoOnAsync(500, MoveBound);
        await cluster.MoveAsync(cluster.Nodes[5], "[[0,499]]", shards[1]);
        foreach (int shard in new[] { 0, 1 })
        {
            Node leader = await cluster.LeaderAsync(shard);
            await leader.Process.KillAsync();
            await writers.GoOnAsync(200, MoveBound);
            leader.Start();
        }

        await cluster.ReadyAsync();
        await LeftNothingAsync(cluster);

        // Node 8 is of neither shard: it is told of the last slot by gossip.
        await Wait.UntilAsync("a node of the third shard shows the slots at their new owner", async () =>
        {
            JsonElement target = (await ShardedCluster.ShardsAsync(cluster.Nodes[8])).Single(shard => shard.GetProperty("shard").GetString() == shards[1]);
            return target.GetProperty("slots").GetRawText() == "[[0,499],[5001,10000]]";
        });
        await writers.VerifyThroughAsync(cluster);
    }

    [Fact]
    public async Task A_move_given_up_leaves_every_slot_with_one_owner()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        string[] shards = await cluster.ShardIdsAsync();
        await using var writers = new Writers(cluster.Nodes);
        await writers.GoOnAsync(200);
        await cluster.MoveAsync(cluster.Nodes[0], "[[0,1999]]", shards[2]);
        Answer kept = await cluster.Client.SendAsync(HttpMethod.Delete, $"{cluster.Nodes[1].Url}/cluster/move", Encoding.UTF8.GetBytes("""{"slots":[[0,1999]]}"""));
        Assert.Equal(200, kept.Status);
        await LeftNothingAsync(cluster);
        await cluster.ReadyAsync();
        await writers.VerifyThroughAsync(cluster);
    }

    private static Task DoneAsync(ShardedCluster cluster, string to, int slot) => Wait.UntilAsync($"slot {slot} is of shard {to}, and nothing moves", async () =>
    {
        foreach (JsonElement shard in await ShardedCluster.ShardsAsync(cluster.Nodes[0]))
        {
            bool isOwner = shard.GetProperty("shard").GetString() == to;
            bool hasSlot = shard.GetProperty("slots").EnumerateArray().Any(pair => pair[0].GetInt32() <= slot && slot <= pair[1].GetInt32());
            if (isOwner != hasSlot) return false;
        }

        return await cluster.MovesLeftAsync() == 0;
    }, MoveBound);

    private static Task LeftNothingAsync(ShardedCluster cluster) =>
        Wait.UntilAsync("no slot is between two shards", async () => await cluster.MovesLeftAsync() == 0, MoveBound);

    private static int SlotOf(string tag)
    {
        // CRC-16/XMODEM, written out: the test does not trust the program's own.
        int crc = 0;
        foreach (byte b in Encoding.UTF8.GetBytes(tag))
        {
            crc ^= b << 8;
            for (int bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xFFFF;
        }

        return crc % 16_384;
    }

    /// <summary>One client that writes rising numbers to keys of one tag and reads them back: it may never see less than it was told, nor what it never wrote.</summary>
    private sealed class TagUser : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly ConcurrentQueue<string> wrong = new();
        private readonly Task task;
        private int writes;

        public TagUser(ShardedCluster cluster, string tag) => task = Task.Run(() => RunAsync(cluster, tag));

        public int Writes => Volatile.Read(ref writes);

        public void ThrowIfWrong() => Assert.Empty(wrong);

        public async Task StopAsync()
        {
            await stop.CancelAsync();
            await task;
            ThrowIfWrong();
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await task;
            stop.Dispose();
        }

        private async Task RunAsync(ShardedCluster cluster, string tag)
        {
            var acknowledged = new int[8];
            var tried = new int[8];
            var revisions = new ulong[8];
            for (int n = 1; !stop.IsCancellationRequested; n++)
            {
                int key = n % acknowledged.Length;
                Node node = cluster.Nodes[n % cluster.Nodes.Count];
                tried[key] = n;
                Answer write = await cluster.Client.FollowAsync(HttpMethod.Post, node.Key($"{tag}{key}"), Encoding.UTF8.GetBytes(n.ToString(CultureInfo.InvariantCulture)));
                if (write.Status == 200)
                {
                    ulong revision = ulong.Parse(write.Headers["Gache-Revision"], CultureInfo.InvariantCulture);
                    if (revision <= revisions[key]) wrong.Enqueue($"write {n} of {key} got revision {revision} after {revisions[key]}");
                    (acknowledged[key], revisions[key]) = (n, revision);
                    Interlocked.Increment(ref writes);
                }
                else if (write.Status is not (503 or 504 or 508 or 307 or 0))
                {
                    wrong.Enqueue($"write {n}: {write}");
                }

                Answer read = await cluster.Client.FollowAsync(HttpMethod.Get, cluster.Nodes[(n + 1) % cluster.Nodes.Count].Key($"{tag}{key}"));
                if (read.Status == 404 && acknowledged[key] > 0) wrong.Enqueue($"{key} is gone after {acknowledged[key]} was acknowledged");
                if (read.Status != 200) continue;
                int seen = int.Parse(read.Text, CultureInfo.InvariantCulture);
                if (seen < acknowledged[key] || seen > tried[key]) wrong.Enqueue($"{key} shows {seen}; acknowledged {acknowledged[key]}, tried {tried[key]}");
            }
        }
    }
}
