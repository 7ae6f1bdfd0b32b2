using Xunit;
using static Gache.Tool.Tests.Operate.Pages;

namespace Gache.Tool.Tests.Operate;

/// <summary>Words that move slots, against a node that answers canned pages.</summary>
public sealed class MoveTests : IDisposable
{
    private const string MovingFrom = "[[0,5000]]";
    private const string Move = "POST /cluster/move";

    private static readonly string Before = Cluster((A, MovingFrom), (B, "[[5001,16383]]"));
    private static readonly string After = Cluster((A, "[[2,5000]]"), (B, "[[0,1],[5001,16383]]"));

    private readonly CannedNode node = new();

    [Fact]
    public async Task Slots_are_moved_and_followed_until_the_target_owns_them()
    {
        node.Answers("GET /cluster", 200, Before, Before, Before, After)
            .Answers("GET /cluster/moves", 200, Moves(2, (0, "leaving"), (1, "handed")), Moves(1, (1, "cleaning")), NoMoves)
            .Answers(Move, 202, """{"moving":2}""");

        Said said = await TypeAsync("move", "0-1", "--to", "ab", "--yes");

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Equal([$$"""{{Move}} {"slots":[[0,1]],"to":"{{B}}"}"""], node.Changes);
        Assert.Equal(
            [
                """{"total":2,"moved":0,"left":2,"states":{"handed":1,"leaving":1}}""",
                """{"total":2,"moved":0,"left":2,"states":{"cleaning":1}}""",
                """{"total":2,"moved":2,"left":0,"states":{}}""",
            ],
            said.Output.Split('\n').Where(line => line.StartsWith('{')));
    }

    [Fact]
    public async Task Slots_of_several_shards_are_one_request_for_each()
    {
        node.Answers("GET /cluster", 200, ThreeShards, Cluster((A, "[[0,4999]]"), (B, "[[5001,9999]]"), (C, "[[5000,5000],[10000,16383]]")))
            .Answers("GET /cluster/moves", 200, NoMoves)
            .Answers(Move, 202, "{}");

        Said said = await TypeAsync("move", "5000,10000-10001", "--to", "127.0.0.1:8007", "--yes");

        Assert.Equal(0, said.ExitCode);
        Assert.Equal([$$"""{{Move}} {"slots":[[5000,5000]],"to":"{{C}}"}""", $$"""{{Move}} {"slots":[[10000,10000]],"to":"{{C}}"}"""], node.Changes);
    }

    [Fact]
    public async Task A_move_that_was_aborted_is_not_reported_as_done()
    {
        node.Answers("GET /cluster", 200, Before).Answers("GET /cluster/moves", 200, Moves(1, (0, "keeping")), NoMoves).Answers(Move, 202, "{}");

        Said said = await TypeAsync("move", "0-1", "--to", B, "--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.Contains("2 slots have not moved", said.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Moves_that_are_not_listed_are_waited_for()
    {
        node.Answers("GET /cluster", 200, [.. Enumerable.Repeat(Before, 30), After])
            .Answers("GET /cluster/moves", 200, Moves(400, (7, "leaving"))) // of others; ours may be among the 399
            .Answers(Move, 202, "{}");

        Assert.Equal(0, (await TypeAsync("move", "0-1", "--to", B, "--yes")).ExitCode);
    }

    [Fact]
    public async Task A_node_that_cannot_tell_for_a_while_does_not_end_the_following()
    {
        node.Answers("GET /cluster", 200, Before, Before, After)
            .Answers("GET /cluster/moves", [.. Enumerable.Repeat((503, "{}"), 20), (200, NoMoves)])
            .Answers(Move, 202, "{}");

        Assert.Equal(0, (await TypeAsync("move", "0-1", "--to", B, "--yes")).ExitCode);
    }

    [Fact]
    public async Task A_node_that_cannot_tell_for_long_does()
    {
        node.Answers("GET /cluster", 200, Before).Answers(Move, 202, "{}")
            .Answers("GET /cluster/moves", 503, """{"title":"no leader","detail":"an election is under way","code":"no-leader"}""");

        Said said = await TypeAsync("move", "0-1", "--to", B, "--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.Contains("cannot be followed", said.Errors, StringComparison.Ordinal);
        Assert.Contains("no-leader", said.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 64)]
    [InlineData("n", 1)]
    [InlineData("", 1)]
    public async Task Without_consent_nothing_is_sent(string? answer, int code)
    {
        node.Answers("GET /cluster", 200, Before);

        Said said = await Words.TypeAsync(answer, ["cluster", "move", "0-1", "--to", B, "--at", node.At]);

        Assert.Equal(code, said.ExitCode);
        Assert.Contains("nothing was done", said.Output + said.Errors, StringComparison.Ordinal);
        Assert.Contains("moves 2 slots from shard aaaa0000", said.Output, StringComparison.Ordinal);
        Assert.Empty(node.Changes);
    }

    [Fact]
    public async Task A_person_at_a_terminal_agrees_with_y()
    {
        node.Answers("GET /cluster", 200, Before, After).Answers("GET /cluster/moves", 200, NoMoves).Answers(Move, 202, "{}");

        Said said = await Words.TypeAsync("y", ["cluster", "move", "0-1", "--to", B, "--at", node.At]);

        Assert.Equal(0, said.ExitCode);
        Assert.Single(node.Changes);
    }

    [Fact]
    public async Task A_dry_run_explains_and_sends_nothing()
    {
        node.Answers("GET /cluster", 200, ThreeShards);

        Said said = await TypeAsync("rebalance", "--dry-run");

        Assert.Equal(0, said.ExitCode);
        Assert.Empty(node.Changes);
        foreach (string part in (string[])["has 5001 slots and will have 5461", "moves 460 slots", "needs: ", $$"""would send: curl -L -X POST {{node.At}}/cluster/move -d '{"slots":[[15924,16383]],"to":"{{A}}"}'"""])
            Assert.Contains(part, said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebalancing_moves_what_the_planner_says_off_the_drained_and_to_the_heavy()
    {
        node.Answers("GET /cluster", 200, Cluster((A, "[[0,99]]"), (B, "[[100,199]]"), (C, "[[200,299]]")), Cluster((A, "[[0,199]]"), (B, "[[200,299]]"), (C, "[]")))
            .Answers("GET /cluster/moves", 200, NoMoves).Answers(Move, 202, "{}");

        Said said = await TypeAsync("rebalance", "--drain", "cccc", "--weight", "aaaa=2", "--yes");

        Assert.Equal(1, said.ExitCode); // the canned cluster went another way, and that is seen
        Assert.Equal([$$"""{{Move}} {"slots":[[200,299]],"to":"{{A}}"}"""], node.Changes);
    }

    [Fact]
    public async Task What_is_so_already_needs_nothing()
    {
        node.Answers("GET /cluster", 200, Cluster((A, "[[0,8191]]"), (B, "[[8192,16383]]")));

        Assert.Equal(0, (await TypeAsync("rebalance")).ExitCode);
        Assert.Equal(0, (await TypeAsync("move", "0-10", "--to", A)).ExitCode);
        Assert.Empty(node.Changes);
    }

    [Theory]
    [InlineData("there is no shard 'x'", "move", "1", "--to", "x")]
    [InlineData("'a' is the beginning of 2 shards", "move", "1", "--to", "a")]
    [InlineData("slots 9 have no owner", "move", "8-9", "--to", "ab")]
    [InlineData("there is no shard 'x'", "rebalance", "--drain", "x")]
    [InlineData("there is no shard 'x'", "rebalance", "--weight", "x=2")]
    [InlineData("no shard would be left", "rebalance", "--drain", "aa", "--drain", "ab")]
    public async Task What_makes_no_sense_in_this_cluster_is_refused(string words, params string[] line)
    {
        node.Answers("GET /cluster", 200, Cluster((A, "[[0,8]]"), (B, "[[10,20]]")));

        Said said = await TypeAsync([.. line, "--yes"]);

        Assert.Equal(1, said.ExitCode);
        Assert.Contains(words, said.Errors, StringComparison.Ordinal);
        Assert.Empty(node.Changes);
    }

    [Fact]
    public async Task A_refusal_of_the_cluster_is_shown_in_its_words()
    {
        node.Answers("GET /cluster", 200, Before)
            .Answers(Move, 409, """{"type":"urn:x","title":"slot moving","status":409,"detail":"slot 0 is on its way to another shard\u001b[2J","code":"slot-moving"}""");

        Said said = await TypeAsync("move", "0-1", "--to", B, "--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.Contains("slot moving: slot 0 is on its way to another shard", said.Errors, StringComparison.Ordinal);
        Assert.Contains("(slot-moving)", said.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', said.Errors);
    }

    [Fact]
    public async Task Moves_are_aborted_by_their_slots()
    {
        node.Answers("GET /cluster", 200, Before).Answers("DELETE /cluster/move", 200, "{}");

        Said said = await TypeAsync("move", "5,0-1", "--abort", "--yes");

        Assert.Equal(0, said.ExitCode);
        Assert.Equal(["""DELETE /cluster/move {"slots":[[0,1],[5,5]]}"""], node.Changes);
    }

    [Theory]
    [InlineData(0, "nothing was on its way\n")]
    [InlineData(1, "done: 1 slot stays with its owner\n")]
    [InlineData(3, "done: 3 slots stay with their owners\n")]
    public async Task An_abort_says_how_many_moves_it_stopped(int kept, string words)
    {
        node.Answers("GET /cluster", 200, Before).Answers("DELETE /cluster/move", 200, $$"""{"kept":{{kept}}}""");

        Said said = await TypeAsync("move", "5,0-1", "--abort", "--yes");

        Assert.Equal(0, said.ExitCode);
        Assert.EndsWith(words, said.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebalancing_names_the_slots_that_nobody_owns()
    {
        node.Answers("GET /cluster", 200, Cluster((A, "[[0,4999]]"), (B, "[[5000,9999]]")));
        Said even = await TypeAsync("rebalance");
        Assert.Equal(0, even.ExitCode);
        Assert.Contains("every shard has its share of the slots that are owned", even.Output, StringComparison.Ordinal);
        Assert.Contains("slots 10000-16383 (6384) have no owner", even.Output, StringComparison.Ordinal);

        Said uneven = await TypeAsync("rebalance", "--weight", "aaaa=3", "--dry-run");
        Assert.Contains("slots 10000-16383 (6384) have no owner", uneven.Output, StringComparison.Ordinal);
        Assert.Contains("--weight and --drain count this time only", uneven.Output, StringComparison.Ordinal);
        node.Answers("GET /cluster", 200, ThreeShards);
        Assert.DoesNotContain("count this time only", (await TypeAsync("rebalance", "--dry-run")).Output, StringComparison.Ordinal);
    }

    public void Dispose() => node.Dispose();

    private Task<Said> TypeAsync(params string[] line) => Words.TypeAsync(["cluster", .. line, "--at", node.At]);
}
