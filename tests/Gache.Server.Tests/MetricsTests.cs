using System.Text.RegularExpressions;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>Meters are found by name in the whole process, so no other node may run beside.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Metrics_show_the_replica_the_store_the_process_and_the_answers()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        await node.AskAsync("GET", "/key/a");
        await node.AskAsync("GET", "/key/b");

        string text = "";
        while (!IsSettled(text)) text = (await node.AskAsync("GET", "/metrics")).Text; // an answer is counted after it was sent, and a connection until its end was seen

        Assert.Equal("4", Value(text, "gache_raft_term"));
        Assert.Equal("1", Value(text, "gache_raft_is_leader"));
        Assert.Equal("1000", Value(text, "gache_store_size_bytes"));
        Assert.Matches("""gache_http_answers_total\{[^}]*method="POST",status="200"[^}]*\} 1""", text);
        Assert.Matches("""gache_http_answers_total\{[^}]*method="GET",status="404"[^}]*\} 1""", text);
        Assert.Matches("""gache_raft_member_lag\{[^}]*member="127.0.0.1:8001"[^}]*\} 0""", text);
    }

    private static bool IsSettled(string text) =>
        text.Contains("method=\"GET\",status=\"404\"", StringComparison.Ordinal) && Value(text, "gache_http_connections") == "1";

    [Fact]
    public async Task The_documentation_names_every_metric_and_no_other()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("GET", "/key/a");
        string text = "";
        while (!text.Contains("gache_http_answers_total{", StringComparison.Ordinal)) // an answer is counted after it was sent
            text = (await node.AskAsync("GET", "/metrics")).Text;
        string page = await File.ReadAllTextAsync(Repository.PathOf("docs/metrics.md"), TestContext.Current.CancellationToken);

        string[] served = [.. TypeLine().Matches(text).Select(match => match.Groups[1].Value).Where(name => name.StartsWith("gache_", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
        string[] documented = [.. DocumentedName().Matches(page).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal(served, documented);
        Assert.True(served.Length > 30, string.Join('\n', served));
    }

    [Fact]
    public async Task Before_the_shard_is_there_the_process_and_the_answers_show()
    {
        await using TestNode node = await TestNode.StartAsync(isServing: false);
        string text = (await node.AskAsync("GET", "/metrics")).Text;
        Assert.Contains("gache_process_resident_bytes", text, StringComparison.Ordinal);
        Assert.DoesNotContain("gache_raft_term{", text, StringComparison.Ordinal);
    }

    private static string Value(string text, string name) => Regex.Match(text, $@"^{name}(\{{[^}}]*\}})? (\S+)", RegexOptions.Multiline).Groups[2].Value;

    [GeneratedRegex(@"^# TYPE (\S+)", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^\| `(gache_[a-z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedName();
}
