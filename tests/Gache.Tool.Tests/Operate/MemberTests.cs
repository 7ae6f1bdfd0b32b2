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
    [InlineData("""POST /cluster/members {"remove":"13330000000000000000000000000003"}""", "remove", "13")]
    [InlineData("""POST /cluster/members {"remove":"13330000000000000000000000000003"}""", "remove", "127.0.0.1:8003")]
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
