using System.Globalization;
using System.Text.RegularExpressions;
using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Metrics;
using Gache.Server.Tests.Routing;
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
        Assert.Equal("1", Value(text, "gache_server_is_leader"));
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
        node.Host.ClusterFigures = new ClusterFigures(new TwoNodes().Router, new CallCounters());
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

    [Theory]
    [InlineData("alerts.yml")]
    [InlineData("dashboard.json")]
    public async Task What_deploy_watches_is_there(string file)
    {
        string page = await File.ReadAllTextAsync(Repository.PathOf("docs/metrics.md"), TestContext.Current.CancellationToken);
        string[] documented = [.. DocumentedName().Matches(page).Select(match => match.Groups[1].Value)];
        string watched = await File.ReadAllTextAsync(Repository.PathOf($"deploy/monitoring/{file}"), TestContext.Current.CancellationToken);
        string[] named = [.. NameInAQuery().Matches(watched).Select(match => match.Value).Distinct()];
        Assert.True(named.Length > 10);
        Assert.All(named, name => Assert.Contains(name.EndsWith("_seconds_bucket", StringComparison.Ordinal) ? name[..^"_bucket".Length] : name, documented));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Accept: application/openmetrics-text; version=1.0.0\r\n")]
    public async Task A_histogram_has_rising_buckets_its_sum_and_its_count_in_both_formats(string accept)
    {
        await using TestNode node = await TestNode.StartAsync();
        StageTimes stages = node.Shard.Stages!;
        long second = TimeProvider.System.TimestampFrequency;
        stages.Apply.Add(1, 1 + second / 1_000);
        stages.Apply.Add(1, 1 + second / 2);
        stages.Apply.Add(1, 1 + second * 20);

        RawAnswer answer = await node.AskAsync("GET", "/metrics", accept);

        string[] lines = answer.Text.Split('\n');
        Assert.Contains("# TYPE gache_server_apply_duration_seconds histogram", lines);
        Assert.Equal("gache_server_apply_duration_seconds_sum 20.501", Assert.Single(lines, line => line.StartsWith("gache_server_apply_duration_seconds_sum", StringComparison.Ordinal)));
        Assert.Contains("gache_server_apply_duration_seconds_count 3", lines);
        long[] buckets = [.. lines.Where(line => line.StartsWith("gache_server_apply_duration_seconds_bucket", StringComparison.Ordinal)).Select(line => long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))];
        Assert.Equal((0, 2, 3), (buckets[0], buckets[^2], buckets[^1]));
        Assert.Equal(buckets.Order(), buckets);
        Assert.Contains("gache_server_apply_duration_seconds_bucket{le=\"0.00128\"} 1", lines);
        if (accept.Length == 0) return;
        Assert.Equal("# EOF", lines[^2]); // the last one, and the only one
        Assert.Single(lines, line => line == "# EOF");
    }

    [Fact]
    public async Task No_label_holds_a_key_and_every_name_has_the_prefix_and_a_unit_or_total_where_it_has_one()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/secret-name", body: "secret-value");
        string text = (await node.AskAsync("GET", "/metrics")).Text;
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.All(TypeLine().Matches(text).Select(match => match.Value), line =>
        {
            if (line.Contains(" target_info", StringComparison.Ordinal) || line.Contains(" otel_scope_info", StringComparison.Ordinal)) return;
            Assert.StartsWith("# TYPE gache_", line, StringComparison.Ordinal);
            Assert.True(!line.EndsWith(" counter", StringComparison.Ordinal) || line.EndsWith("_total counter", StringComparison.Ordinal), line);
            Assert.True(!line.EndsWith(" histogram", StringComparison.Ordinal) || line.EndsWith("_seconds histogram", StringComparison.Ordinal), line);
        });
    }

    [Fact]
    public async Task Before_the_shard_is_there_the_process_and_the_answers_show()
    {
        await using TestNode node = await TestNode.StartAsync(isServing: false);
        string text = (await node.AskAsync("GET", "/metrics")).Text;
        Assert.Contains("gache_process_resident_memory_bytes", text, StringComparison.Ordinal);
        Assert.DoesNotContain("gache_raft_term{", text, StringComparison.Ordinal);
    }

    private static string Value(string text, string name) => Regex.Match(text, $@"^{name}(\{{[^}}]*\}})? (\S+)", RegexOptions.Multiline).Groups[2].Value;

    [GeneratedRegex(@"^# TYPE (\S+) \S+", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"gache_[a-z_]+")]
    private static partial Regex NameInAQuery();

    [GeneratedRegex(@"^\| `(gache_[a-z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedName();
}
