using System.Globalization;
using Gache.EndToEnd.Harness;
using Gache.Store;

namespace Gache.EndToEnd.Scenarios;

/// <summary>Requests that wait: a lock with a queue, a change that is waited for, one's own write at any replica (P10, P11).</summary>
public sealed class WaitingTests
{
    private const int Workers = 6;
    private const int Turns = 8; // of each worker, at least
    private const int Kills = 3;

    [Fact]
    public async Task A_queue_for_a_lock_goes_on_through_kills_of_the_leader_and_nobody_holds_it_beside_another()
    {
        await using Shard shard = await Shard.StartAsync();
        var ledger = new Ledger();
        using var stop = new CancellationTokenSource();
        Task[] workers = [.. Enumerable.Range(0, Workers).Select(number => Task.Run(() => WorkAsync(shard, number, ledger, stop.Token)))];
        for (int kill = 0; kill < Kills; kill++)
        {
            int from = ledger.Count;
            await Wait.UntilAsync("turns are taken", () => Task.FromResult(ledger.Count >= from + Workers), TimeSpan.FromSeconds(60));
            Node leader = await shard.LeaderAsync();
            await leader.Process.KillAsync();
            await leader.StartReadyAsync();
        }

        await Wait.UntilAsync("each has had its turns", () => Task.FromResult(ledger.IsEachAtLeast(Turns, Workers)), TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        ledger.TokensRose();
    }

    [Theory]
    [InlineData("redirect")]
    [InlineData("proxy")]
    public async Task A_wait_at_any_node_of_a_cluster_is_kept_at_the_owner_and_given_up_with_its_client(string routing)
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(1, "--routing", routing, "--request-timeout", "500ms");
        int slot = Slot.Of("lock"u8);
        Node owner = await cluster.LeaderAsync(ShardedCluster.ShardOf(slot));
        Node other = cluster.Nodes.First(node => node != owner);
        Answer held = await other.Client.FollowAsync(HttpMethod.Put, other.Key("lock"), "a"u8.ToArray(), ("If-None-Match", "*"));
        Assert.Equal(201, held.Status);

        // One that hangs up while it waits, and others behind it that wait for longer than a request may take, and than it may take to pass one on.
        using var impatient = new Client(TimeSpan.FromSeconds(2));
        Assert.Equal(0, (await impatient.FollowAsync(HttpMethod.Put, other.Key("lock") + "?wait=5m", "gone"u8.ToArray(), ("If-None-Match", "*"))).Status);
        using var patient = new Client(TimeSpan.FromMinutes(1));
        Task<Answer> next = patient.FollowAsync(HttpMethod.Put, other.Key("lock") + "?wait=50s", "b"u8.ToArray(), ("If-None-Match", "*"));
        Task<Answer> changed = patient.FollowAsync(HttpMethod.Get, other.Key("lock") + "?wait=50s", null, ("If-None-Match", held.ETag!));
        Answer probe = await patient.FollowAsync(HttpMethod.Put, other.Key("lock") + "?wait=4s", "c"u8.ToArray(), ("If-None-Match", "*"));
        Assert.Equal(412, probe.Status);
        Assert.False(next.IsCompleted || changed.IsCompleted);
        Assert.Equal(204, (await owner.Client.SendAsync(HttpMethod.Delete, owner.Key("lock"))).Status);
        Assert.Equal(201, (await next).Status);
        Assert.True((await changed).Status is 404 or 200, $"{await changed}");
        Assert.Equal("b", (await owner.Client.SendAsync(HttpMethod.Get, owner.Key("lock"))).Text);
    }

    [Fact]
    public async Task Those_who_wait_for_a_key_whose_slot_moves_are_sent_to_the_new_owner()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(1);
        int slot = Slot.Of("lock"u8);
        int from = ShardedCluster.ShardOf(slot);
        int to = (from + 1) % 3;
        string[] shards = await cluster.ShardIdsAsync();
        Node owner = await cluster.LeaderAsync(from);
        Answer held = await owner.Client.SendAsync(HttpMethod.Put, owner.Key("lock"), "a"u8.ToArray(), ("If-None-Match", "*"));
        using var patient = new Client(TimeSpan.FromMinutes(1));
        Task<Answer> next = patient.FollowAsync(HttpMethod.Put, owner.Key("lock") + "?wait=50s", "b"u8.ToArray(), ("If-None-Match", "*"));
        Task<Answer> changed = patient.FollowAsync(HttpMethod.Get, owner.Key("lock") + "?wait=50s", null, ("If-None-Match", held.ETag!));
        await WaitsAtAsync(owner, requests: 2);

        await cluster.MoveAsync(owner, $"[[{slot},{slot}]]", shards[to]);
        Node taker = await cluster.LeaderAsync(to);
        await Wait.UntilAsync("the new owner lets it go", async () => (await taker.Client.SendAsync(HttpMethod.Delete, taker.Key("lock"))).Status == 204);
        Answer got = await next;
        Assert.True(got.Status is 201 or 503, $"{got}"); // sent on, or told that it was not applied
        Assert.True((await changed).Status is 200 or 404 or 503, $"{await changed}");
        if (got.Status == 201) Assert.Equal("b", (await taker.Client.SendAsync(HttpMethod.Get, taker.Key("lock"))).Text);
    }

    [Fact]
    public async Task At_the_end_of_its_wait_a_write_is_412_and_a_read_304()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        Answer first = await shard.Client.SendAsync(HttpMethod.Put, shard.First.Key("k"), "a"u8.ToArray());
        long began = Environment.TickCount64;
        Answer write = await shard.Client.SendAsync(HttpMethod.Put, shard.First.Key("k") + "?wait=700ms", "b"u8.ToArray(), ("If-None-Match", "*"));
        Answer read = await shard.Client.SendAsync(HttpMethod.Get, shard.First.Key("k") + "?wait=700ms", null, ("If-None-Match", first.ETag!));
        Assert.InRange(Environment.TickCount64 - began, 1_400, 20_000);
        Assert.Equal((412, first.ETag), (write.Status, write.ETag));
        Assert.Equal((304, first.ETag), (read.Status, read.ETag));
    }

    [Fact]
    public async Task Every_replica_shows_a_client_its_own_last_write()
    {
        await using Shard shard = await Shard.StartAsync();
        Node leader = await shard.LeaderAsync();
        for (int n = 0; n < 200; n++)
        {
            Answer written = await shard.Client.FollowAsync(HttpMethod.Post, leader.Key("mine"), [.. $"v{n}".Select(c => (byte)c)]);
            Assert.Equal(200, written.Status);
            foreach (Node node in shard.Nodes)
            {
                Answer read = await node.Client.SendAsync(HttpMethod.Get, node.Key("mine") + $"?level=stale&min-revision={written.Headers["Gache-Revision"]}");
                Assert.Equal((200, $"v{n}"), (read.Status, read.Text));
            }
        }

        Answer behind = await leader.Client.SendAsync(HttpMethod.Get, leader.Key("mine") + "?level=stale&min-revision=1000000");
        Assert.Equal((503, "revision-not-reached"), (behind.Status, behind.Code));
    }

    [Fact]
    public async Task A_node_that_stops_sends_those_who_wait_on_and_stops_soon()
    {
        await using Shard shard = await Shard.StartAsync();
        Node leader = await shard.LeaderAsync();
        Node left = shard.Nodes.First(node => node != leader);
        await shard.WriteAsync(leader, "lock", "a");
        using var patient = new Client(TimeSpan.FromMinutes(1));
        Task<Answer> waiting = patient.FollowAsync(HttpMethod.Put, leader.Key("lock") + "?wait=40s", "b"u8.ToArray(), ("If-None-Match", "*"));
        await WaitsAtAsync(leader, requests: 1);
        Assert.Equal(0, await leader.StopAsync());
        await Wait.UntilAsync("the lock is free at the next leader", async () =>
            (await shard.Client.FollowAsync(HttpMethod.Delete, left.Key("lock"))).Status == 204);
        Answer answer = await waiting;
        Assert.True(answer.Status is 201 or 503, $"{answer}"); // sent on, or told that it was not applied
    }

    private static Task WaitsAtAsync(Node node, int requests) => Wait.UntilAsync($"{requests} wait", async () =>
        (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/metrics")).Text.Split('\n')
            .Any(line => line.StartsWith("gache_server_requests_waiting", StringComparison.Ordinal) && line.EndsWith($" {requests}", StringComparison.Ordinal)));

    /// <summary>Takes the lock by waiting for it, notes its token while it holds it, and gives it back; everything is repeated as it was until it is known.</summary>
    private static async Task WorkAsync(Shard shard, int number, Ledger ledger, CancellationToken stop)
    {
        using var client = new Client(TimeSpan.FromSeconds(40));
        for (int turn = 0; !stop.IsCancellationRequested; turn++)
        {
            // No time to live: whoever holds the lock holds it until it is given back, so that two holders could only be the server's fault.
            Answer got = await UntilKnownAsync(shard, client, $"w{number}-{turn}-take", (node, id) => client.FollowAsync(
                HttpMethod.Put, node.Key("lock") + "?wait=3s", [.. $"w{number}".Select(c => (byte)c)], ("If-None-Match", "*"), ("Idempotency-Key", id)));
            if (got.Status == 412) continue;
            Assert.Equal(201, got.Status);
            ulong token = ulong.Parse(got.Headers["Gache-Revision"], CultureInfo.InvariantCulture);
            ledger.Enter(number, token);
            ledger.Leave(number);
            Answer back = await UntilKnownAsync(shard, client, $"w{number}-{turn}-give", (node, id) => client.FollowAsync(
                HttpMethod.Delete, node.Key("lock"), null, ("If-Match", $"\"{token}\""), ("Idempotency-Key", id)));
            Assert.Equal(204, back.Status);
        }
    }

    private static async Task<Answer> UntilKnownAsync(Shard shard, Client client, string id, Func<Node, string, Task<Answer>> ask)
    {
        for (int n = 0; ; n++)
        {
            Node node = shard.Nodes[n % shard.Nodes.Count];
            Answer answer = await ask(node, id);
            if (answer.Status is 200 or 201 or 204 or 412) return answer;
            if (answer.Status is not (0 or 503 or 504 or 429)) Assert.Fail($"{answer}");
            await Task.Delay(50, TestContext.Current.CancellationToken); // between two tries; an answer ends the loop
        }
    }

    /// <summary>Who holds the lock, as the holders themselves say.</summary>
    private sealed class Ledger
    {
        private readonly Lock gate = new();
        private readonly List<(int Worker, ulong Token)> turns = [];
        private int? holder;

        public int Count
        {
            get
            {
                lock (gate) return turns.Count;
            }
        }

        public void Enter(int worker, ulong token)
        {
            lock (gate)
            {
                Assert.True(holder is null, $"worker {worker} got the lock while {holder} held it");
                holder = worker;
                turns.Add((worker, token));
            }
        }

        public void Leave(int worker)
        {
            lock (gate)
            {
                Assert.Equal(worker, holder);
                holder = null;
            }
        }

        public bool IsEachAtLeast(int turnsEach, int workers)
        {
            lock (gate) return Enumerable.Range(0, workers).All(worker => turns.Count(turn => turn.Worker == worker) >= turnsEach);
        }

        public void TokensRose()
        {
            lock (gate) Assert.Equal(turns.Select(turn => turn.Token).Order(), turns.Select(turn => turn.Token));
        }
    }
}
