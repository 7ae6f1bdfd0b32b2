using Xunit;
using static Gache.Tool.Tests.Operate.Pages;

namespace Gache.Tool.Tests.Operate;

/// <summary>Words that show the cluster and change who belongs to it.</summary>
public sealed class MemberTests : IDisposable
{
    private readonly CannedNode node = new();

    public MemberTests() => node.Answers("GET /cluster", 200, ThreeShards);

    [Fact]
    public async Task Show_tells_shards_members_holes_and_moves()
    {
        node.Answers("GET /cluster", 200, ThreeShards.Replace("[[5001,10000]]", "[[5001,9998],[10000,10000]]", StringComparison.Ordinal))
            .Answers("GET /cluster/moves", 200, Moves(3, (0, "leaving"), (1, "leaving"), (2, "handed")));

        Said said = await TypeAsync("show");

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Equal(
            """
            shard aaaa0000  slots 0-5000 (5001)  epoch 1  term 4
              11110000  leader    127.0.0.1:8001  raft 127.0.0.1:7001  cluster 127.0.0.1:9001
              11120000  follower  127.0.0.1:8002  raft 127.0.0.1:7002  cluster 127.0.0.1:9002
              13330000  follower  127.0.0.1:8003  raft 127.0.0.1:7003  cluster 127.0.0.1:9003  behind by 12  not reachable
            shard abbb0000  slots 5001-9998,10000 (4999)  epoch 1  term 2
              44440000  leader  127.0.0.1:8004  raft 127.0.0.1:7004  cluster 127.0.0.1:9004
            shard cccc0000  slots 10001-16383 (6383)  epoch 1  term 9  no leader
              77770000  candidate  127.0.0.1:8007  raft 127.0.0.1:7007  cluster 127.0.0.1:9007
            slots without an owner: 9999 (1)
            slots on their way: 3 (2 leaving, 1 handed)

            """.ReplaceLineEndings("\n"),
            said.Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Where_nobody_answers_it_is_exit_code_69()
    {
        node.Dispose();
        Said said = await TypeAsync("show");

        Assert.Equal(69, said.ExitCode);
        Assert.Contains(node.At, said.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""[{"shard":"x"}]""")]
    public async Task What_is_not_gache_is_told(string body)
    {
        node.Answers("GET /cluster", 200, body);
        Said said = await TypeAsync("show");

        Assert.Equal(1, said.ExitCode);
        Assert.Contains("does not answer as gache does", said.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""POST /cluster/members {"add":"127.0.0.1:7010"}""", "add", "127.0.0.1:7010")]
    [InlineData($$"""POST /cluster/members {"remove":"13330000000000000000000000000003","shard":"{{A}}"}""", "remove", "13")]
    [InlineData($$"""POST /cluster/members {"remove":"13330000000000000000000000000003","shard":"{{A}}"}""", "remove", "127.0.0.1:8003")]
    [InlineData($$"""POST /cluster/transfer {"shard":"{{A}}"}""", "transfer", "aa")]
    [InlineData($$"""POST /cluster/transfer {"shard":"{{A}}","to":"11120000000000000000000000000002"}""", "transfer", "aa", "--to", "127.0.0.1:8002")]
    [InlineData("""POST /cluster/forget {"node":"13330000000000000000000000000003"}""", "forget", "13")]
    [InlineData("""POST /cluster/forget {"node":"deadbeefdeadbeefdeadbeefdeadbeef"}""", "forget", "deadbeefdeadbeefdeadbeefdeadbeef")]
    public async Task A_word_sends_what_the_api_asks_for(string request, params string[] line)
    {
        node.Answers(string.Join(' ', request.Split(' ')[..2]), 202, "{}");

        Said said = await TypeAsync([.. line, "--yes"]);

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Equal([request], node.Changes);
        Assert.Contains("needs: ", said.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no member 'x'", "remove", "x")]
    [InlineData("'11' is the beginning of 2 members", "remove", "11")]
    [InlineData("there is no member 'beef'", "forget", "beef")]
    [InlineData("is a member of shard abbb0000", "transfer", "aa", "--to", "4444")]
    [InlineData("there is no shard 'x'", "transfer", "x")]
    [InlineData("127.0.0.1:7004 is 44440000", "add", "127.0.0.1:7004")]
    [InlineData("has no leader now", "add", "127.0.0.1:7010", "--to", "cc")]
    public async Task What_makes_no_sense_in_this_cluster_is_refused(string words, params string[] line)
    {
        Said said = await TypeAsync([.. line, "--yes"]);

        Assert.Equal(1, said.ExitCode);
        Assert.Contains(words, said.Errors, StringComparison.Ordinal);
        Assert.Empty(node.Changes);
    }

    [Fact]
    public async Task A_member_is_added_to_another_shard_at_its_leader()
    {
        using var leader = new CannedNode();
        leader.Answers("POST /cluster/members", 202, "{}");
        node.Answers("GET /cluster", 200, ThreeShards.Replace("\"leader\":\"127.0.0.1:8004\"", $"\"leader\":\"{leader.At}\"", StringComparison.Ordinal));

        Assert.Equal(0, (await TypeAsync("add", "127.0.0.1:7010", "--to", "abbb", "--yes")).ExitCode);

        Assert.Empty(node.Changes);
        Assert.Equal(["""POST /cluster/members {"add":"127.0.0.1:7010"}"""], leader.Changes);
    }

    [Fact]
    public async Task Removing_a_voter_says_how_many_may_fail_afterwards()
    {
        Said said = await TypeAsync("remove", "13", "--dry-run");
        Assert.Contains("2 voters are left, of which 0 may fail (now 1 of 3)", said.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("13", "aaaa", false)]
    [InlineData("44", "abbb", true)]
    public async Task Removing_says_that_the_shard_would_be_lost_only_where_it_would(string member, string shard, bool isLast)
    {
        Said said = await TypeAsync("remove", member, "--dry-run");

        Assert.Contains($"from shard {shard}0000", said.Output, StringComparison.Ordinal);
        Assert.Equal(isLast, said.Output.Contains("or the shard would be lost", StringComparison.Ordinal));
        Assert.DoesNotContain("hands over", said.Output, StringComparison.Ordinal);
    }

    /// <summary>As it goes with a leader: it hands over, and the next one is not there at once, or has a change of its own under way.</summary>
    [Fact]
    public async Task A_leader_is_removed_though_the_shard_says_not_now_for_a_while()
    {
        const string Elects = """{"title":"The shard has no leader","detail":"an election is under way","code":"no-leader"}""";
        const string Busy = """{"title":"Another change of members is under way","detail":"ask again","code":"change-under-way"}""";
        node.Answers("POST /cluster/members", (503, Elects), (503, Elects), (503, Busy), (504, "{}"), (200, "{}"));

        Said said = await TypeAsync("remove", "1111", "--yes");

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Equal(Enumerable.Repeat($$"""POST /cluster/members {"remove":"11110000000000000000000000000001","shard":"{{A}}"}""", 5), node.Changes);
        Assert.Contains("it leads, so it hands over to another voter first", said.Output, StringComparison.Ordinal);
        Assert.Contains("done: 11110000 (127.0.0.1:8001) is no member any more", said.Output, StringComparison.Ordinal);
        Assert.Equal(3, said.Output.Split('\n').Count(line => line.StartsWith("asks again: ", StringComparison.Ordinal))); // a reason once
    }

    [Theory]
    [InlineData(503, "change-under-way", 2)]
    [InlineData(409, "last-voter", 1)]
    [InlineData(404, "node-unknown", 1)]
    public async Task A_removal_that_stays_refused_ends_with_the_reason(int status, string code, int atLeast)
    {
        node.Answers("POST /cluster/members", status, $$"""{"title":"No","detail":"not now","code":"{{code}}"}""");

        Said said = await TypeAsync("remove", "13", "--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.InRange(node.Changes.Count, atLeast, atLeast == 1 ? 1 : 80);
        Assert.Contains($"({code})", said.Errors, StringComparison.Ordinal);
        Assert.Equal(status == 503, said.Errors.Contains("the same line typed again goes on", StringComparison.Ordinal));
    }

    /// <summary>Its answer was lost, and whoever is asked next knows nothing of the member any more.</summary>
    [Fact]
    public async Task A_member_that_is_unknown_once_its_removal_was_asked_for_is_removed()
    {
        node.Answers("POST /cluster/members", (504, "{}"), (404, """{"title":"No such node is known","code":"node-unknown"}"""));
        Assert.Equal(0, (await TypeAsync("remove", "13", "--yes")).ExitCode);
    }

    /// <summary>The node that is named may be the very one that goes: it ends.</summary>
    [Fact]
    public async Task Where_the_node_that_was_asked_has_ended_another_member_is_asked()
    {
        using var other = new CannedNode();
        string page = ThreeShards.Replace("127.0.0.1:8002", other.At, StringComparison.Ordinal).Replace("\"leader\":\"127.0.0.1:8001\"", $"\"leader\":\"{other.At}\"", StringComparison.Ordinal);
        node.Answers("GET /cluster", (200, page), (503, "")).Answers("POST /cluster/members", 503, "");
        other.Answers("GET /cluster", 200, page).Answers("POST /cluster/members", 200, "{}");

        Said said = await TypeAsync("remove", "1111", "--yes");

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Single(node.Changes);
        Assert.Single(other.Changes);
    }

    [Fact]
    public async Task The_one_who_leads_already_needs_no_transfer()
    {
        Assert.Equal(0, (await TypeAsync("transfer", "aa", "--to", "1111")).ExitCode);
        Assert.Empty(node.Changes);
    }

    [Fact]
    public async Task An_old_node_without_the_page_refuses_in_plain_words()
    {
        Said said = await TypeAsync("remove", "13", "--yes");
        Assert.Equal(1, said.ExitCode);
        Assert.Contains("HTTP 404", said.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => node.Dispose();

    private Task<Said> TypeAsync(params string[] line) => Words.TypeAsync(["cluster", .. line, "--at", node.At]);
}
