using System.Text.Json;
using Xunit;
using static Gache.Tool.Tests.Operate.Pages;

namespace Gache.Tool.Tests.Operate;

/// <summary><c>replace</c>, against nodes that answer canned pages: 1333, which is dead, gives way to 1555 at 127.0.0.1:7010.</summary>
public sealed class ReplaceTests : IDisposable
{
    private const string OldId = "13330000000000000000000000000003";
    private const string NewId = "15550000000000000000000000000005";
    private const string Members = "POST /cluster/members";
    private const string Adds = $$"""{{Members}} {"add":"127.0.0.1:7010","shard":"{{A}}"}""";
    private const string Removes = $$"""{{Members}} {"remove":"{{OldId}}","shard":"{{A}}"}""";

    private readonly CannedNode node = new();

    public ReplaceTests() => node.Answers(Members, 202, "{}");

    private string Before => ThreeShards.Replace("\"leader\":\"127.0.0.1:8001\"", $"\"leader\":\"{node.At}\"", StringComparison.Ordinal);

    [Fact]
    public async Task The_new_member_is_added_and_waited_for_and_only_then_the_old_one_is_removed()
    {
        string[] changesWhenItBeganToVote = [];
        string[] pages = [Before, Before, With("learner", 70), With("learner", 3), With("voter", 0)];
        int next = 0;
        node.Answers("GET /cluster", () =>
        {
            string page = pages[Math.Min(next++, pages.Length - 1)];
            if (page == pages[^1] && changesWhenItBeganToVote.Length == 0) changesWhenItBeganToVote = [.. node.Changes];
            return (200, page);
        });

        Said said = await TypeAsync("--yes");

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Equal([Adds], changesWhenItBeganToVote);
        Assert.Equal([Adds, Removes], node.Changes);
        Assert.Equal(["joining", "catching-up", "catching-up", "replaced"], States(said));
        Assert.Contains($$"""{"state":"catching-up","member":"{{NewId}}","lag":70,"reachable":true}""", said.Output, StringComparison.Ordinal);
        foreach (string words in (string[])["adds the node at 127.0.0.1:7010", "when the new member votes, removes 13330000", "3 voters are left, of which 1 may fail (now 1 of 3)", "needs: a node that waits there"])
            Assert.Contains(words, said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_joined_by_itself_is_not_added_again()
    {
        node.Answers("GET /cluster", 200, With("learner", 3), With("learner", 3), With("voter", 0));

        Said said = await TypeAsync("--yes");

        Assert.Equal(0, said.ExitCode);
        Assert.Equal([Removes], node.Changes);
        Assert.Contains("is 15550000 (127.0.0.1:8010) already, a learner of shard aaaa0000", said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a node that waits there", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_new_member_votes_already_what_is_left_is_the_removal_and_what_that_costs_is_told()
    {
        node.Answers("GET /cluster", 200, Before);

        Said said = await Words.TypeAsync("cluster", "replace", "1333", "--with", "127.0.0.1:7002", "--at", node.At, "--dry-run");

        Assert.Equal(0, said.ExitCode);
        Assert.Contains("127.0.0.1:7002 is 11120000 (127.0.0.1:8002) already, which votes", said.Output, StringComparison.Ordinal);
        Assert.Contains("2 voters are left, of which 0 may fail (now 1 of 3)", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_it_says_in_words_when_it_is_done_and_why_it_is_not()
    {
        string[] line = ["cluster", "replace", "1333", "--with", "127.0.0.1:7010", "--at", node.At];
        node.Answers("GET /cluster", 200, With("learner", 3), With("learner", 3), With("voter", 0));
        Said done = await Words.TypeAsync("y", line, isScreen: true);
        Assert.Equal((0, ""), (done.ExitCode, done.Errors));
        Assert.Contains("done: 127.0.0.1:7010 votes, and 13330000 (127.0.0.1:8003) is no member any more", done.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\"state\"", done.Output, StringComparison.Ordinal);

        node.Answers("GET /cluster", 200, Before);
        Said not = await Words.TypeAsync("y", line, isScreen: true);
        Assert.Equal(1, not.ExitCode);
        Assert.Contains("no new member at 127.0.0.1:7010", not.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_shows_what_would_be_sent_now_and_later_and_sends_nothing()
    {
        node.Answers("GET /cluster", 200, Before);

        Said said = await TypeAsync("--dry-run");

        Assert.Equal(0, said.ExitCode);
        Assert.Empty(node.Changes);
        Assert.Contains($$"""would send: curl -L -X POST {{node.At}}/cluster/members -d '{"add":"127.0.0.1:7010","shard":"{{A}}"}'""", said.Output, StringComparison.Ordinal);
        Assert.Contains($$"""would send, when the new member votes: curl -L -X POST {{node.At}}/cluster/members -d '{"remove":"{{OldId}}","shard":"{{A}}"}'""", said.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 64)]
    [InlineData("n", 1)]
    public async Task Without_consent_nothing_is_sent(string? answer, int code)
    {
        node.Answers("GET /cluster", 200, Before);

        Said said = await Words.TypeAsync(answer, ["cluster", "replace", "1333", "--with", "127.0.0.1:7010", "--at", node.At]);

        Assert.Equal(code, said.ExitCode);
        Assert.Contains("when the new member votes, removes", said.Output, StringComparison.Ordinal);
        Assert.Empty(node.Changes);
    }

    [Theory]
    [InlineData("1333")]
    [InlineData(OldId)]
    [InlineData("127.0.0.1:8003")]
    public async Task Typed_again_after_it_was_done_it_has_nothing_to_do(string name)
    {
        node.Answers("GET /cluster", 200, With("voter", 0).Replace(OldId, "19990000000000000000000000000009", StringComparison.Ordinal).Replace("127.0.0.1:8003", "127.0.0.1:8009", StringComparison.Ordinal));

        Said said = await Words.TypeAsync("cluster", "replace", name, "--with", "127.0.0.1:7010", "--at", node.At, "--yes");

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Contains("there is nothing to do", said.Output, StringComparison.Ordinal);
        Assert.Empty(node.Changes);
    }

    [Fact]
    public async Task A_removal_that_is_refused_for_now_is_asked_for_again()
    {
        const string Busy = """{"title":"Another change of members is under way","detail":"ask again","code":"change-under-way"}""";
        node.Answers("GET /cluster", 200, With("voter", 0)).Answers(Members, (503, Busy), (503, Busy), (200, "{}"));

        Said said = await TypeAsync("--yes");

        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        Assert.Equal([Removes, Removes, Removes], node.Changes);
        Assert.Equal(["removing", "removing", "replaced"], States(said));
    }

    [Theory]
    [InlineData(503, "change-under-way", 2)]
    [InlineData(409, "last-voter", 1)]
    public async Task A_removal_that_stays_refused_ends_it_with_the_reason(int status, string code, int atLeast)
    {
        node.Answers("GET /cluster", 200, With("voter", 0)).Answers(Members, status, $$"""{"title":"No","detail":"not now","code":"{{code}}"}""");

        Said said = await TypeAsync("--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.InRange(node.Changes.Count, atLeast, atLeast == 1 ? 1 : 40);
        Assert.Contains($"({code}); nothing is lost, and the same line typed again goes on", said.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("learner")]
    [InlineData("voter")]
    public async Task A_new_member_that_is_not_heard_is_not_waited_for_forever_and_the_old_one_stays(string role)
    {
        node.Answers("GET /cluster", 200, With(role, 3).Replace("\"lag\":3,\"reachable\":true", "\"lag\":3,\"reachable\":false", StringComparison.Ordinal));

        Said said = await TypeAsync("--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.Contains("15550000 (127.0.0.1:8010) is not heard", said.Errors, StringComparison.Ordinal);
        Assert.Empty(node.Changes);
    }

    [Fact]
    public async Task Where_nobody_new_comes_to_the_address_nothing_is_removed()
    {
        node.Answers("GET /cluster", 200, Before);

        Said said = await TypeAsync("--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.Equal([Adds], node.Changes);
        Assert.Contains("no new member at 127.0.0.1:7010", said.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Catching_up_takes_as_long_as_it_takes()
    {
        node.Answers("GET /cluster", 200, [.. Enumerable.Repeat(With("learner", 900), 100), With("voter", 0)]);
        Assert.Equal(0, (await TypeAsync("--yes")).ExitCode);
    }

    [Fact]
    public async Task Where_the_node_that_was_asked_answers_no_more_another_member_is_asked()
    {
        using var other = new CannedNode();
        string page = With("voter", 0).Replace("127.0.0.1:8002", other.At, StringComparison.Ordinal).Replace(node.At, other.At, StringComparison.Ordinal);
        node.Answers("GET /cluster", (200, page), (503, ""));
        other.Answers("GET /cluster", 200, page).Answers(Members, 200, "{}");

        Assert.Equal(0, (await TypeAsync("--yes")).ExitCode);

        Assert.Empty(node.Changes);
        Assert.Equal([Removes], other.Changes);
    }

    [Theory]
    [InlineData("there is no member 'x'", "x", "127.0.0.1:7010")]
    [InlineData("name a member of its shard with --at", "x", "127.0.0.1:7010")]
    [InlineData("'11' is the beginning of 2 members", "11", "127.0.0.1:7001")]
    [InlineData("127.0.0.1:7004 is 44440000", "1333", "127.0.0.1:7004")]
    [InlineData("127.0.0.1:7002 is the address of 11120000 (127.0.0.1:8002) itself, which is alive there", "1112", "127.0.0.1:7002")]
    public async Task What_makes_no_sense_in_this_cluster_is_refused(string words, string name, string address)
    {
        node.Answers("GET /cluster", 200, Before);

        Said said = await Words.TypeAsync("cluster", "replace", name, "--with", address, "--at", node.At, "--yes");

        Assert.Equal(1, said.ExitCode);
        Assert.Contains(words, said.Errors, StringComparison.Ordinal);
        Assert.Empty(node.Changes);
    }

    public void Dispose() => node.Dispose();

    /// <summary>The page with the new member in it.</summary>
    private string With(string role, int lag) => Before.Replace(
        $$"""{"id":"{{OldId}}",""",
        $$"""{"id":"{{NewId}}","addr":"127.0.0.1:7010","apiAddr":"127.0.0.1:8010","role":"{{role}}","lag":{{lag}},"reachable":true},{"id":"{{OldId}}",""",
        StringComparison.Ordinal);

    private static IEnumerable<string> States(Said said) => said.Output.Split('\n').Where(line => line.StartsWith('{'))
        .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("state").GetString()!);

    private Task<Said> TypeAsync(params string[] more) => Words.TypeAsync(["cluster", "replace", "1333", "--with", "127.0.0.1:7010", "--at", node.At, .. more]);
}
