using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Cluster;
using Gache.Store;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: The cluster.</summary>
public sealed class ClusterTests
{
    private static readonly string JoinerId = new NodeId(9).ToString();

    [Fact]
    public async Task Cluster_shows_the_shard_with_the_five_original_fields_and_its_members()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Status = MemoryShard.Leading() with
        {
            Members =
            [
                new MemberStatus(MemoryShard.Node, "127.0.0.1:7001", "127.0.0.1:8001", "leader", 0, true),
                new MemberStatus(new NodeId(8), "127.0.0.1:7002", "127.0.0.1:8002", "learner", 12, false),
                new MemberStatus(new NodeId(9), "127.0.0.1:7003", "127.0.0.1:8003", "voter", null, null),
            ],
        };

        RawAnswer answer = await node.AskAsync("GET", "/cluster");

        Assert.Equal("application/json", answer["Content-Type"]);
        JsonElement shard = Assert.Single(JsonDocument.Parse(answer.Body).RootElement.EnumerateArray());
        Assert.Equal(
            ["apiAddr", "addr", "slotBegin", "slotEnd", "leader"], shard.EnumerateObject().Take(5).Select(field => field.Name));
        Assert.Equal("127.0.0.1:8001", shard.GetProperty("apiAddr").GetString());
        Assert.Equal("127.0.0.1:7001", shard.GetProperty("addr").GetString());
        Assert.Equal((0, 16_383), (shard.GetProperty("slotBegin").GetInt32(), shard.GetProperty("slotEnd").GetInt32()));
        Assert.Equal("127.0.0.1:8001", shard.GetProperty("leader").GetString());
        Assert.Equal(new ShardId(5).ToString(), shard.GetProperty("shard").GetString());
        Assert.Equal((1, 4), (shard.GetProperty("epoch").GetInt32(), shard.GetProperty("term").GetInt32()));
        Assert.Equal("[[0,16383]]", shard.GetProperty("slots").GetRawText());
        JsonElement[] members = [.. shard.GetProperty("members").EnumerateArray()];
        Assert.Equal(["leader", "learner", "voter"], members.Select(member => member.GetProperty("role").GetString()));
        Assert.Equal(12, members[1].GetProperty("lag").GetInt32());
        Assert.False(members[1].GetProperty("reachable").GetBoolean());
        Assert.Equal(JsonValueKind.Null, members[2].GetProperty("lag").ValueKind);
        Assert.Equal("127.0.0.1:8003", members[2].GetProperty("apiAddr").GetString());
    }

    /// <summary>Recovery raises it, and moves do: a shard without a cluster port has it as well.</summary>
    [Fact]
    public async Task Cluster_shows_the_epoch_that_the_slots_have()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Status = MemoryShard.Leading() with { SlotEpoch = 65_537 };

        RawAnswer answer = await node.AskAsync("GET", "/cluster");

        Assert.Equal(65_537, JsonDocument.Parse(answer.Body).RootElement[0].GetProperty("epoch").GetInt32());
    }

    [Fact]
    public async Task A_join_by_post_hands_over_what_was_said_and_answers_202()
    {
        await using TestNode node = await TestNode.StartAsync();
        string body = $$"""{"addr":"127.0.0.1:7002","id":"{{JoinerId}}","api":"127.0.0.1:8002","cluster":"{{new ClusterId(3)}}","slots":[[0,5]],"new":[1]}""";

        RawAnswer answer = await node.AskAsync("POST", "/join", body: body);

        Assert.Equal(202, answer.Status);
        JsonElement root = JsonDocument.Parse(answer.Body).RootElement;
        Assert.Equal(new ClusterId(3).ToString(), root.GetProperty("cluster").GetString());
        Assert.Equal(new ShardId(5).ToString(), root.GetProperty("shard").GetString());
        Assert.Equal("[[0,16383]]", root.GetProperty("slots").GetRawText());
        Assert.Equal(
            new JoinRequest("127.0.0.1:7002", new NodeId(9), "127.0.0.1:8002", new ClusterId(3), default) { Slots = Gache.Store.SlotSet.Of(0, 5) }, Assert.Single(node.Shard.Joins));
    }

    [Fact]
    public async Task A_join_by_get_is_what_the_original_sends()
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal(202, (await node.AskAsync("GET", "/join?addr=127.0.0.1%3A7002")).Status);
        Assert.Equal(new JoinRequest("127.0.0.1:7002", default, null, default, default), Assert.Single(node.Shard.Joins));
    }

    [Theory]
    [InlineData("GET", "/join", "", 400, "parameter-unknown")]
    [InlineData("GET", "/join?addr=", "", 400, "parameter-unknown")]
    [InlineData("GET", "/join?addr=a:1&x=2", "", 400, "parameter-unknown")]
    [InlineData("GET", "/join?addr=nonsense", "", 400, "parameter-malformed")]
    [InlineData("GET", "/join?addr=a:99999", "", 400, "parameter-malformed")]
    [InlineData("GET", "/join?addr=a%20b:1", "", 400, "parameter-malformed")]
    [InlineData("POST", "/join?addr=a:1", "{}", 400, "parameter-unknown")]
    [InlineData("POST", "/join", "", 400, "body-malformed")]
    [InlineData("POST", "/join", "{", 400, "body-malformed")]
    [InlineData("POST", "/join", "[]", 400, "body-malformed")]
    [InlineData("POST", "/join", "{}", 400, "body-malformed")]
    [InlineData("POST", "/join", """{"addr":1}""", 400, "body-malformed")]
    [InlineData("POST", "/join", """{"addr":"a:1","id":"x"}""", 400, "body-malformed")]
    [InlineData("POST", "/join", """{"addr":"a:1","api":"x"}""", 400, "body-malformed")]
    [InlineData("POST", "/join", """{"addr":"a:1","slots":"0-1"}""", 400, "body-malformed")]
    [InlineData("POST", "/join", """{"addr":"a:1","slots":[[0,16384]]}""", 400, "body-malformed")]
    [InlineData("POST", "/join", """{"addr":"a:1","slots":[[5,4]]}""", 400, "body-malformed")]
    [InlineData("POST", "/join", """{"addr":"a:1","slots":[["a",4]]}""", 400, "body-malformed")]
    [InlineData("POST", "/join", "{\"addr\":\"\\ud800:1\"}", 400, "body-malformed")]
    [InlineData("PUT", "/join", "{}", 405, "method-not-allowed")]
    public async Task A_join_that_is_not_understood_is_refused(string method, string target, string body, int status, string code)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync(method, target, body: body), status, code);
        Assert.Empty(node.Shard.Joins);
    }

    [Fact]
    public async Task A_join_that_is_too_large_is_refused()
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", "/join", body: new string(' ', JoinText.MaxBytes + 1)), 413, "value-too-large");
    }

    /// <summary>After many moves a shard may have every second slot.</summary>
    [Fact]
    public async Task Slots_in_as_many_pieces_as_there_can_be_pass_both_ways()
    {
        await using TestNode leader = await TestNode.StartAsync();
        await using TestNode follower = await TestNode.StartAsync();
        var pieces = new SlotSet();
        for (int slot = 0; slot < Slot.Count; slot += 2) pieces.Add(slot);
        leader.Shard.JoinAnswer = leader.Shard.JoinAnswer with { Slots = pieces };
        follower.Shard.JoinAnswer = NotLeader(leader.EndPoint.ToString());
        using HttpClient http = JoinClient.CreateHttpClient();
        var request = new JoinRequest("127.0.0.1:7002", new NodeId(9), null, default, default) { Slots = pieces };

        JoinAnswer? taken = await new JoinClient(http).AskAsync(follower.EndPoint.ToString(), request, TestContext.Current.CancellationToken);

        Assert.Equal(pieces, taken?.Slots);
        Assert.Equal(pieces, Assert.Single(leader.Shard.Joins).Slots);
    }

    /// <summary>P11: the leader may have carried it out.</summary>
    [Fact]
    public async Task A_join_that_was_passed_on_and_not_answered_is_not_called_not_applied()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using TestNode follower = await TestNode.StartAsync();
        follower.Shard.JoinAnswer = NotLeader(silent.LocalEndpoint.ToString()!);
        Task<RawAnswer> asked = follower.AskAsync("GET", "/join?addr=127.0.0.1:7002");
        using (Socket leader = await silent.AcceptSocketAsync(TestContext.Current.CancellationToken))
            Assert.NotEqual(0, await leader.ReceiveAsync(new byte[64 * 1024], TestContext.Current.CancellationToken)); // and then it dies

        Problem.Is(await asked, 504, "timeout", "unknown");
    }

    [Theory]
    [InlineData(JoinRefusal.AddressInUse, "address-in-use", true)]
    [InlineData(JoinRefusal.NotReachable, "not-reachable", true)]
    [InlineData(JoinRefusal.WrongShard, "wrong-shard", false)]
    public async Task A_join_refused_by_name_is_409(JoinRefusal verdict, string code, bool retryable)
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.JoinAnswer = new JoinAnswer(null, verdict, "in words");
        Problem.Is(await node.AskAsync("GET", "/join?addr=127.0.0.1:7002"), 409, code, isRetryable: retryable);
    }

    [Fact]
    public async Task A_follower_passes_a_join_on_to_the_leader_once_and_its_answer_back()
    {
        await using TestNode leader = await TestNode.StartAsync();
        await using TestNode follower = await TestNode.StartAsync();
        follower.Shard.JoinAnswer = NotLeader(leader.EndPoint.ToString());

        RawAnswer answer = await follower.AskAsync("GET", "/join?addr=127.0.0.1:7002");
        Assert.Equal(202, answer.Status);
        Assert.Contains(new ShardId(5).ToString(), answer.Text, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1:7002", Assert.Single(leader.Shard.Joins).RaftAddress);

        leader.Shard.JoinAnswer = new JoinAnswer(null, JoinRefusal.AddressInUse, "in words");
        Problem.Is(await follower.AskAsync("GET", "/join?addr=127.0.0.1:7002"), 409, "address-in-use", isRetryable: true);

        leader.Shard.JoinAnswer = NotLeader(follower.EndPoint.ToString()); // two that name each other
        Problem.Is(await follower.AskAsync("GET", "/join?addr=127.0.0.1:7002"), 503, "no-leader", isRetryable: true);
        Assert.Equal(3, leader.Shard.Joins.Count);

        await leader.DisposeAsync();
        Problem.Is(await follower.AskAsync("GET", "/join?addr=127.0.0.1:7002"), 503, "no-leader", isRetryable: true);
    }

    [Fact]
    public async Task The_joiner_understands_every_answer()
    {
        await using TestNode node = await TestNode.StartAsync();
        using HttpClient http = JoinClient.CreateHttpClient();
        var client = new JoinClient(http);
        var request = new JoinRequest("127.0.0.1:7002", new NodeId(9), "127.0.0.1:8002", new ClusterId(3), new ShardId(5));
        string api = node.EndPoint.ToString();

        JoinAnswer? taken = await client.AskAsync(api, request, TestContext.Current.CancellationToken);
        Assert.Equal(node.Shard.JoinAnswer, taken);
        Assert.Equal(request, Assert.Single(node.Shard.Joins));

        foreach (JoinRefusal verdict in (JoinRefusal[])[JoinRefusal.AddressInUse, JoinRefusal.NotReachable, JoinRefusal.WrongShard])
        {
            node.Shard.JoinAnswer = new JoinAnswer(null, verdict, "in words");
            Assert.Equal(node.Shard.JoinAnswer, await client.AskAsync(api, request, TestContext.Current.CancellationToken));
        }

        node.Shard.JoinAnswer = new JoinAnswer(new Refusal(RefusalCode.NoLeader, "none"), JoinRefusal.None, "none");
        JoinAnswer? later = await client.AskAsync(api, request, TestContext.Current.CancellationToken);
        Assert.Equal((RefusalCode.NoLeader, "none"), (later!.Refusal!.Code, later.Detail));

        await node.DisposeAsync();
        Assert.Null(await client.AskAsync(api, request, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_node_says_what_its_folder_holds_and_is_understood()
    {
        await using TestNode node = await TestNode.StartAsync();
        using HttpClient http = JoinClient.CreateHttpClient();
        var client = new JoinClient(http);
        string api = node.EndPoint.ToString();

        foreach (FolderReport report in (FolderReport[])
            [
                new(new NodeId(9), "n1:8000", true, default, null), new(new NodeId(9), "n1:8000", true, default, "n2:8000"),
                new(new NodeId(9), "n1:8000", false, new ShardId(5), "n2:8000"), new(new NodeId(9), "", false, default, null),
                new(new NodeId(9), "n1:8000", true, default, "n2:8000") { Objection = "it listens", Consent = new(new ShardId(5), new NodeId(4), "n2:8000") },
            ])
        {
            node.Shard.Folder = report;
            Assert.Equal(report, await client.ReportAsync(api, TestContext.Current.CancellationToken));
        }

        node.Shard.Folder = new(new NodeId(9), "n1:8000", true, default, "n2:8000");
        Assert.Equal($$"""{"id":"{{JoinerId}}","api":"n1:8000","empty":true,"first":"n2:8000"}""" + "\n", (await node.AskAsync("GET", "/join/folder")).Text);
        Problem.Is(await node.AskAsync("PUT", "/join/folder", body: "{}"), 405, "method-not-allowed");
        Assert.Empty(node.Shard.Joins);

        await node.DisposeAsync();
        Assert.Null(await client.ReportAsync(api, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_node_is_asked_to_agree_to_a_founding_and_is_understood()
    {
        await using TestNode node = await TestNode.StartAsync();
        using HttpClient http = JoinClient.CreateHttpClient();
        var client = new JoinClient(http);
        var wanted = new FoundingConsent(new ShardId(5), new NodeId(9), "n1:8000");
        node.Shard.Folder = new(new NodeId(7), "n2:8000", true, default, "n1:8000");

        Assert.Equal(node.Shard.Folder with { Consent = wanted }, await client.AskConsentAsync(node.EndPoint.ToString(), wanted, TestContext.Current.CancellationToken));
        Assert.Equal(wanted, node.Shard.Folder.Consent);
        Assert.Contains($"\"consent\":{{\"shard\":\"{new ShardId(5)}\",\"id\":\"{JoinerId}\",\"api\":\"n1:8000\"}}", (await node.AskAsync("GET", "/join/folder")).Text, StringComparison.Ordinal);

        await node.DisposeAsync();
        Assert.Null(await client.AskConsentAsync(node.EndPoint.ToString(), wanted, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"id":"00000000000000000000000000000009","api":"n1:8000"}""")]
    [InlineData("""{"shard":"00000000000000000000000000000005","api":"n1:8000"}""")]
    [InlineData("""{"shard":"00000000000000000000000000000005","id":"00000000000000000000000000000009"}""")]
    [InlineData("""{"shard":"00000000000000000000000000000000","id":"00000000000000000000000000000009","api":"n1:8000"}""")]
    [InlineData("""{"shard":"00000000000000000000000000000005","id":"00000000000000000000000000000009","api":"n1"}""")]
    [InlineData("{\"shard\":\"00000000000000000000000000000005\",\"id\":\"00000000000000000000000000000009\",\"api\":\"n1:80\\n00\"}")]
    public async Task What_names_no_founding_is_agreed_to_by_nobody(string body)
    {
        await using TestNode node = await TestNode.StartAsync();

        Problem.Is(await node.AskAsync("POST", "/join/folder", body: body), 400, "body-malformed");
        Assert.Null(node.Shard.Folder.Consent);
    }

    /// <summary>It could be of any shard.</summary>
    [Fact]
    public async Task A_node_that_is_starting_consents_to_nothing()
    {
        await using TestNode node = await TestNode.StartAsync(isServing: false);
        using HttpClient http = JoinClient.CreateHttpClient();

        Problem.Is(await node.AskAsync("GET", "/join/folder"), 503, "not-serving", isRetryable: true);
        Assert.Equal(FolderReport.Unclear, await new JoinClient(http).ReportAsync(node.EndPoint.ToString(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"empty":true}""")]
    [InlineData("""{"id":"9","empty":true}""")]
    [InlineData("""{"id":"00000000000000000000000000000000","empty":true}""")]
    [InlineData("""{"id":"00000000000000000000000000000009"}""")]
    [InlineData("""{"id":"00000000000000000000000000000009","empty":"true"}""")]
    [InlineData("""{"id":"00000000000000000000000000000009","empty":1}""")]
    [InlineData("{\"id\":\"\\ud800\",\"empty\":true}")]
    [InlineData("""{"id":"00000000000000000000000000000009","empty":true,"consent":"5"}""")]
    [InlineData("""{"id":"00000000000000000000000000000009","empty":true,"consent":{"shard":"5"}}""")]
    public void What_is_no_report_is_no_consent(string body) =>
        Assert.Equal(FolderReport.Unclear, FolderText.Read(System.Text.Encoding.UTF8.GetBytes(body)));

    [Fact]
    public async Task A_name_gives_its_addresses_and_an_address_itself()
    {
        using HttpClient http = JoinClient.CreateHttpClient();
        var client = new JoinClient(http);
        CancellationToken cancel = TestContext.Current.CancellationToken;

        Assert.Equal(["127.0.0.1:8001"], await client.ResolveAsync("127.0.0.1:8001", cancel));
        Assert.Equal(["[::1]:8001"], await client.ResolveAsync("[::1]:8001", cancel));
        Assert.All(await client.ResolveAsync("localhost:8001", cancel), address => Assert.Contains(address, (string[])["127.0.0.1:8001", "[::1]:8001", "localhost:8001"]));
        Assert.Empty(await client.ResolveAsync("nobody.invalid:8001", cancel));
        Assert.Empty(await client.ResolveAsync("nonsense", cancel));
    }

    private static JoinAnswer NotLeader(string leader) =>
        new(new Refusal(RefusalCode.NotLeader, "another leads", leader), JoinRefusal.None, "another leads");
}
