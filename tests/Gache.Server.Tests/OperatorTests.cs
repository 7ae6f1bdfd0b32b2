using System.Text.Json;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Cluster;
using Gache.Server.Http.Cluster.Operate;
using Gache.Store;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>What an operator asks for under /cluster/, at a node that leads and has no cluster port.</summary>
public sealed class OperatorTests
{
    private static readonly ShardId Own = new(5);
    private static readonly ShardId Other = new(6);
    private static readonly string Node = new NodeId(9).ToString();

    [Theory]
    [InlineData("GET", "/cluster/move", "", 405, "method-not-allowed")]
    [InlineData("GET", "/cluster/forget", "", 405, "method-not-allowed")]
    [InlineData("PUT", "/cluster/members", "{}", 405, "method-not-allowed")]
    [InlineData("DELETE", "/cluster/transfer", "", 405, "method-not-allowed")]
    [InlineData("POST", "/cluster/moves", "{}", 405, "method-not-allowed")]
    [InlineData("GET", "/cluster/moves?x=1", "", 400, "parameter-unknown")]
    [InlineData("GET", "/cluster/moves?shard=5", "", 400, "parameter-unknown")]
    [InlineData("POST", "/cluster/move?shard=5", "{}", 400, "parameter-unknown")]
    [InlineData("POST", "/cluster/move", "", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", "[]", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[[0,1]]}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[],"to":"00000000000000000000000000000006"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[[1,0]],"to":"00000000000000000000000000000006"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[[0,16384]],"to":"00000000000000000000000000000006"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[[0,1]],"to":"6"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[[0,1]],"too":"00000000000000000000000000000006"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[[0,1]],"to":"00000000000000000000000000000006","to":"00000000000000000000000000000006"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/move", """{"slots":[[0,1]],"to":"00000000000000000000000000000006"}""", 404, "shard-unknown")]
    [InlineData("POST", "/cluster/move", """{"slots":[[0,1]],"to":"00000000000000000000000000000005"}""", 409, "slots-there")]
    [InlineData("DELETE", "/cluster/move", """{"slots":[[0,1]],"to":"00000000000000000000000000000005"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/forget", "{}", 400, "body-malformed")]
    [InlineData("POST", "/cluster/forget", """{"node":"9"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/forget", """{"node":"00000000000000000000000000000009"}""", 404, "node-unknown")]
    [InlineData("POST", "/cluster/members", "{}", 400, "body-malformed")]
    [InlineData("POST", "/cluster/members", """{"add":"x"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/members", """{"add":"a:1","remove":"00000000000000000000000000000009"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/members", """{"remove":"9"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/members", """{"remove":"00000000000000000000000000000009"}""", 404, "node-unknown")]
    [InlineData("POST", "/cluster/transfer", """{"to":"9"}""", 400, "body-malformed")]
    [InlineData("POST", "/cluster/transfer", """{"to":"00000000000000000000000000000009"}""", 404, "node-unknown")]
    public async Task What_is_not_understood_or_not_there_is_refused(string method, string target, string body, int status, string code)
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Store = new KeyValueStore();
        Problem.Is(await node.AskAsync(method, target, body: body), status, code);
        Assert.Equal(0UL, node.Shard.Store.AppliedIndex);
        Assert.Empty(node.Shard.Wishes);
    }

    [Theory]
    [InlineData("/cluster/move")]
    [InlineData("/cluster/forget")]
    [InlineData("/cluster/members")]
    [InlineData("/cluster/transfer")]
    public async Task What_is_too_large_comes_from_a_foreign_page_or_too_early_is_refused(string path)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", path, body: new string(' ', JsonBody.MaxBytes + 1)), 413, "value-too-large");
        Problem.Is(await node.AskAsync("POST", path, "Origin: http://evil.test\r\n", "{}"), 403, "cross-origin");

        await using TestNode starting = await TestNode.StartAsync(isServing: false);
        Problem.Is(await starting.AskAsync("POST", path, body: "{}"), 503, "not-serving", isRetryable: true);
    }

    [Fact]
    public async Task Moves_are_listed_as_the_log_tells_and_kept_when_that_is_asked()
    {
        await using TestNode node = await TestNode.StartAsync();
        KeyValueStore store = node.Shard.Store = new KeyValueStore();
        Assert.Equal((2_000, null), await ShardMoves.BeginAsync(node.Shard, SlotSet.Of(0, 1_999), Other));
        Apply(store, new SlotCommand(CommandKind.Hand, 7, 1, Other));

        JsonElement listed = JsonDocument.Parse((await node.AskAsync("GET", "/cluster/moves")).Body).RootElement;
        JsonElement[] moves = [.. listed.GetProperty("moves").EnumerateArray()];
        Assert.Equal((2_000, ShardMoves.MaxListed), (listed.GetProperty("left").GetInt32(), moves.Length));
        Assert.Equal((Own.ToString(), Other.ToString()), (moves[0].GetProperty("from").GetString(), moves[0].GetProperty("to").GetString()));
        Assert.Equal("handed", moves.Single(move => move.GetProperty("slot").GetInt32() == 7).GetProperty("state").GetString());
        Assert.Equal("leaving", moves.Single(move => move.GetProperty("slot").GetInt32() == 8).GetProperty("state").GetString());
        Assert.False(listed.TryGetProperty("unreachable", out _));

        RawAnswer kept = await node.AskAsync("DELETE", "/cluster/move", body: """{"slots":[[0,99],[5000,5001]]}""");
        Assert.Equal((200, "{\"kept\":99}\n"), (kept.Status, kept.Text));
        Assert.Equal((SlotPhase.Keeping, 3UL), (store.SlotAt(8).Phase, store.SlotAt(8).Epoch));
        Assert.Equal(SlotPhase.Handed, store.PhaseOf(7));
        Assert.Equal(SlotPhase.Leaving, store.PhaseOf(100));
    }

    [Fact]
    public async Task A_leader_that_no_quorum_confirms_says_neither_that_nothing_moves_nor_that_nothing_is_left_to_do()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Store = new KeyValueStore();
        node.Shard.Refusal = new Refusal(RefusalCode.NoQuorum, "not confirmed");
        Problem.Is(await node.AskAsync("DELETE", "/cluster/move", body: """{"slots":[[0,99]]}"""), 503, "no-quorum", isRetryable: true);
        Problem.Is(await node.AskAsync("GET", "/cluster/moves"), 503, "no-quorum", isRetryable: true);
        Assert.Equal("no-quorum", (await ShardMoves.BeginAsync(node.Shard, SlotSet.Of(0, 9), Other)).Declined?.Problem.Code);
    }

    [Fact]
    public async Task Every_second_slot_can_be_named()
    {
        await using TestNode node = await TestNode.StartAsync();
        KeyValueStore store = node.Shard.Store = new KeyValueStore();
        var pieces = new SlotSet();
        for (int slot = 0; slot < Slot.Count; slot += 2) pieces.Add(slot);
        string body = System.Text.Encoding.UTF8.GetString(MoveText.Request(pieces, Own, to: null));
        Assert.True(body.Length > 100_000);
        Assert.Equal("{\"kept\":0}\n", (await node.AskAsync("DELETE", "/cluster/move", body: body)).Text);
        Assert.Equal(0UL, store.AppliedIndex);
    }

    [Fact]
    public async Task Slots_leave_all_together_or_not_at_all()
    {
        await using TestNode node = await TestNode.StartAsync();
        KeyValueStore store = node.Shard.Store = new KeyValueStore();
        Assert.Equal((10, null), await ShardMoves.BeginAsync(node.Shard, SlotSet.Of(0, 9), Other));
        ulong applied = store.AppliedIndex;

        // On their way there already: nothing more to commit, and the same answer.
        Assert.Equal((10, null), await ShardMoves.BeginAsync(node.Shard, SlotSet.Of(0, 9), Other));
        Assert.Equal(applied, store.AppliedIndex);

        (int moving, Declined? busy) = await ShardMoves.BeginAsync(node.Shard, SlotSet.Of(9, 20), new ShardId(7));
        Assert.Equal((0, "slots-busy", applied), (moving, busy!.Problem.Code, store.AppliedIndex));

        Apply(store, new SlotCommand(CommandKind.Keep, 3, 1, Other));
        (moving, Declined? keeping) = await ShardMoves.BeginAsync(node.Shard, SlotSet.Of(3, 20), Other);
        Assert.Equal((0, "slot-moving"), (moving, keeping!.Problem.Code));
        Assert.Equal(SlotPhase.Owned, store.PhaseOf(20));

        Assert.Equal((12, null), await ShardMoves.BeginAsync(node.Shard, SlotSet.Of(9, 20), Other)); // some of them are on their way
        Assert.Equal(SlotPhase.Leaving, store.PhaseOf(20));
    }

    [Fact]
    public async Task A_state_that_cannot_be_looked_at_is_503()
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("GET", "/cluster/moves"), 503, "not-serving", isRetryable: true);
        Problem.Is(await node.AskAsync("DELETE", "/cluster/move", body: """{"slots":[[0,1]]}"""), 503, "not-serving", isRetryable: true);
    }

    [Fact]
    public async Task Members_are_added_as_by_a_join_and_removed_by_their_id()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Status = MemoryShard.Leading() with
        {
            Members = [.. MemoryShard.Leading().Members, new MemberStatus(new NodeId(9), "127.0.0.1:7002", "127.0.0.1:8002", "voter", 0, true)],
        };

        RawAnswer added = await node.AskAsync("POST", "/cluster/members", body: """{"add":"127.0.0.1:7009"}""");
        Assert.Equal((202, "127.0.0.1:7009"), (added.Status, Assert.Single(node.Shard.Joins).RaftAddress));
        node.Shard.JoinAnswer = new JoinAnswer(null, JoinRefusal.NotReachable, "in words");
        Problem.Is(await node.AskAsync("POST", "/cluster/members", body: """{"add":"127.0.0.1:7009"}"""), 409, "not-reachable", isRetryable: true);

        RawAnswer removed = await node.AskAsync("POST", "/cluster/members", body: $$"""{"remove":"{{Node}}"}""");
        Assert.Equal((200, $$"""{"removed":"{{Node}}"}""" + "\n"), (removed.Status, removed.Text));
        Assert.Equal(("remove", new NodeId(9)), Assert.Single(node.Shard.Wishes));
    }

    [Fact]
    public async Task A_leader_that_is_to_go_tries_to_hand_over_first()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.MemberAnswer = new MemberAnswer(null, MemberRefusal.LastVoter, "in words");
        Problem.Is(await node.AskAsync("POST", "/cluster/members", body: $$"""{"remove":"{{MemoryShard.Node}}"}"""), 409, "last-voter");
        Assert.Equal([("transfer", default), ("remove", MemoryShard.Node)], node.Shard.Wishes);
    }

    [Theory]
    [InlineData(MemberRefusal.UnknownNode, 404, "node-unknown", false)]
    [InlineData(MemberRefusal.LastVoter, 409, "last-voter", false)]
    [InlineData(MemberRefusal.NoVoter, 409, "no-voter", false)]
    [InlineData(MemberRefusal.ChangeUnderWay, 503, "change-under-way", true)]
    public async Task Each_refusal_about_members_has_its_own_code(MemberRefusal verdict, int status, string code, bool isRetryable)
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.MemberAnswer = new MemberAnswer(null, verdict, "in words");
        Problem.Is(await node.AskAsync("POST", "/cluster/transfer", body: "{}"), status, code, isRetryable: isRetryable);
        Problem.Is(await node.AskAsync("POST", "/cluster/members", body: $$"""{"shard":"{{Own}}","remove":"{{Node}}"}"""), status, code, isRetryable: isRetryable);
    }

    [Fact]
    public async Task Leadership_is_handed_to_the_one_that_is_named()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync("POST", "/cluster/transfer", body: $$"""{"shard":"{{Own}}","to":"{{Node}}"}""");
        Assert.Equal(202, answer.Status);
        Assert.Equal(("transfer", new NodeId(9)), Assert.Single(node.Shard.Wishes));
    }

    [Theory]
    [InlineData("POST", "/cluster/transfer", "{}")]
    [InlineData("POST", "/cluster/members", """{"add":"127.0.0.1:7009"}""")]
    [InlineData("DELETE", "/cluster/move", """{"slots":[[0,1]]}""")]
    [InlineData("GET", "/cluster/moves", "")]
    public async Task A_follower_without_a_cluster_port_redirects_to_the_leader_with_the_very_same_target(string method, string target, string body)
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        RawAnswer answer = await node.AskAsync(method, target, body: body);
        Assert.Equal((307, $"http://{TestNode.LeaderElsewhere}{target}"), (answer.Status, answer["Location"]));
    }

    [Fact]
    public async Task Nobody_who_leads_is_503()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Status = MemoryShard.Leading() with { Role = ReplicaRole.Follower, LeaderApi = null, IsLeaderHeard = false };
        Problem.Is(await node.AskAsync("POST", "/cluster/transfer", body: "{}"), 503, "no-leader", isRetryable: true);
    }

    [Fact]
    public void Moves_and_problems_of_other_nodes_are_read_as_they_were_written()
    {
        var list = new MoveList([new SlotMove(1, Own, Other, MoveState.Keeping)], [new SlotMove(2, Other, Own, MoveState.Importing)], 7);
        MoveList? read = MoveText.ReadOfShard(MoveText.OfShard(list));
        Assert.Equal((list.Leaving[0], list.Importing[0], 7), (read!.Leaving[0], read.Importing[0], read.Left));
        Assert.Equal(3, MoveText.ReadCount(MoveText.Count("moving", 3), "moving"));
        foreach (string broken in new[] { "", "{}", "[]", """{"moves":[{"slot":1}],"importing":[],"left":1}""", """{"moves":[],"importing":[],"left":"x"}""" })
            Assert.Null(MoveText.ReadOfShard(System.Text.Encoding.UTF8.GetBytes(broken)));

        Declined declined = Declined.Read(503, """{"code":"slot-moving","detail":"in words"}"""u8.ToArray());
        Assert.Equal(("slot-moving", "in words"), (declined.Problem.Code, declined.Detail));
        Assert.Equal("unknown", Declined.Read(500, "no json"u8.ToArray()).Problem.Outcome);
        Assert.Equal("unknown", Declined.Read(503, """{"code":"of another version"}"""u8.ToArray()).Problem.Outcome);
    }

    private static void Apply(KeyValueStore store, SlotCommand command) =>
        Assert.Equal(ApplyStatus.Done, store.Apply(store.AppliedIndex + 1, command.Encode()).Status);
}
