using System.Collections;
using System.Net;
using Gache.Replication;
using Gache.Server.Http;
using Gache.Server.Http.Requests;
using Gache.Server.Options;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>defaults: options.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Without_options_one_durable_node_serves_loopback()
    {
        ServerOptions options = Read();

        Assert.Equal(8000, options.Port);
        Assert.Empty(options.Listen); // both loopback addresses
        Assert.Equal(new HostPort("127.0.0.1", 8000), options.AdvertisedApi);
        Assert.Null(options.AdvertisedRaft);
        Assert.Empty(options.RaftJoin);
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "gache-data", "8000"), options.RaftDir);
        Assert.Equal(1 << 20, options.MaxValueBytes);
        Assert.Null(options.MaxMemoryBytes);
        Assert.Equal(TimeSpan.FromSeconds(5), options.RequestTimeout);
        Assert.Equal((LogLevel.Information, LogFormat.Auto), (options.LogLevel, options.LogFormat));
    }

    [Fact]
    public void The_three_commands_of_the_seed_are_understood()
    {
        ServerOptions first = Read("--raft-addr", "127.0.0.1:7001", "--raft-dir", "./tmp/node1", "-p", "8001");
        ServerOptions second = Read("--raft-addr", "127.0.0.1:7002", "--raft-dir", "./tmp/node2", "-p", "8002", "--raft-join", "127.0.0.1:8001");

        Assert.Equal((new HostPort("127.0.0.1", 7001), 0), (first.AdvertisedRaft, first.RaftJoin.Count));
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "tmp/node1"), first.RaftDir);
        Assert.Equal((new HostPort("127.0.0.1", 8002), new HostPort("127.0.0.1", 8001)), (second.AdvertisedApi, Assert.Single(second.RaftJoin)));
    }

    /// <summary>Identical for all nodes, so the own address is among them; in one list, or one by one.</summary>
    [Theory]
    [InlineData("--raft-join", "127.0.0.1:8000, gache.test:8000,127.0.0.1:8002")]
    [InlineData("--raft-join", "127.0.0.1:8000", "--raft-join", "gache.test:8000,127.0.0.1:8000", "--raft-join", "127.0.0.1:8002")]
    public void Several_nodes_may_be_named_to_join_the_own_one_among_them(params string[] join) => Assert.Equal(
        [new("127.0.0.1", 8000), new("gache.test", 8000), new("127.0.0.1", 8002)], Read(["--raft-addr", "127.0.0.1:7001", .. join]).RaftJoin);

    [Fact]
    public void Names_to_join_at_are_bounded()
    {
        string[] many = [.. Enumerable.Range(1, OptionTable.MostJoinAddresses + 1).Select(port => $"127.0.0.1:{port}")];
        Assert.Equal(OptionTable.MostJoinAddresses, Read("--raft-addr", "127.0.0.1:7001", "--raft-join", string.Join(',', many[1..])).RaftJoin.Count);
        Assert.Contains("at most 32 addresses", CommandLine.Read(["--raft-addr", "127.0.0.1:7001", "--raft-join", string.Join(',', many)], new Hashtable(), "1.2.3").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_is_also_a_variable_and_the_flag_wins()
    {
        string[] switches = ["insecure-cluster", "access-log"];
        var good = new Dictionary<string, string>
        {
            ["port"] = "8007", ["listen"] = "0.0.0.0", ["advertise"] = "node7.test", ["raft-addr"] = "0.0.0.0:7007", ["raft-dir"] = "/data",
            ["raft-join"] = "node8.test:8008", ["insecure-cluster"] = "true", ["max-value"] = "2MiB", ["max-memory"] = "2GiB",
            ["request-timeout"] = "1500ms", ["allowed-hosts"] = "a.test, B.test", ["allow-origin"] = "http://App.test:80/",
            ["log-level"] = "debug", ["log-format"] = "json", ["cluster-port"] = "9007", ["cluster-slot"] = "0-99,200",
            ["cluster-members"] = "node7.test:9007, node8.test:9008", ["routing"] = "redirect",
            ["access-log"] = "true", ["slow-request"] = "2s", ["log-keys"] = "none", ["otlp-endpoint"] = "http://127.0.0.1:4318",
        };
        Assert.Equal(OptionTable.Rows.Where(row => row.IsShown).Select(row => row.Name).Order(), good.Keys.Order());

        var environment = new Hashtable();
        foreach ((string name, string value) in good) environment["GACHE_" + name.Replace('-', '_').ToUpperInvariant()] = value;
        ServerOptions fromVariables = Read(environment);
        ServerOptions fromFlags = Read([.. good.SelectMany(pair => (string[])(switches.Contains(pair.Key) ? ["--" + pair.Key] : ["--" + pair.Key, pair.Value]))]);

        foreach (ServerOptions options in (ServerOptions[])[fromVariables, fromFlags])
        {
            Assert.Equal([IPAddress.Any], options.Listen);
            Assert.Equal((new HostPort("node7.test", 8007), new HostPort("node7.test", 7007)), (options.AdvertisedApi, options.AdvertisedRaft));
            Assert.Equal((new HostPort("0.0.0.0", 7007), new HostPort("node8.test", 8008)), (options.RaftListen, Assert.Single(options.RaftJoin)));
            Assert.Equal(("/data", 2 << 20, 2L << 30), (options.RaftDir, options.MaxValueBytes, options.MaxMemoryBytes));
            Assert.Equal(TimeSpan.FromMilliseconds(1_500), options.RequestTimeout);
            Assert.Equal(["a.test", "b.test"], options.AllowedHosts);
            Assert.Equal(["http://app.test"], options.AllowedOrigins);
            Assert.Equal((LogLevel.Debug, LogFormat.Json), (options.LogLevel, options.LogFormat));
            Assert.Equal(new Uri("http://127.0.0.1:4318"), options.OtlpEndpoint);
            Assert.Equal((true, TimeSpan.FromSeconds(2), LoggedKeys.None), (options.IsAccessLogged, options.SlowRequest, options.LoggedKeys));
            Assert.Equal((new HostPort("0.0.0.0", 9007), new HostPort("node7.test", 9007)), (options.ClusterListen, options.AdvertisedCluster));
            Assert.Equal(("0-99,200", 2, RoutingMode.Redirect), (options.ClusterSlots!.ToString(), options.ClusterMembers.Count, options.Routing));
        }

        Assert.Equal(9, Read(environment, "-p", "9").Port);
    }

    [Fact]
    public void An_unknown_option_is_named_with_where_to_look()
    {
        CommandLineResult line = CommandLine.Read(["--raft-adr", "127.0.0.1:7001"], new Hashtable(), "1.2.3");
        Assert.Contains("--raft-adr", line.Text, StringComparison.Ordinal);
        Assert.EndsWith("; see gache --help\n", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Raft_and_api_may_have_one_port_number_on_different_addresses_only()
    {
        Assert.Equal(8000, Read("--raft-addr", "127.0.0.2:8000").RaftListen!.Value.Port);
        CommandLineResult line = CommandLine.Read(["--raft-addr", "127.0.0.1:8000"], new Hashtable(), "1.2.3");
        Assert.Contains("--raft-addr 127.0.0.1:8000 is where the API of this same node listens (-p 8000)", line.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--unknown")]
    [InlineData("--port")]
    [InlineData("-p", "0")]
    [InlineData("-p", "65536")]
    [InlineData("-p", "80a")]
    [InlineData("-p", "")]
    [InlineData("-p", "1", "-p", "2")]
    [InlineData("extra")]
    [InlineData("@file")]
    [InlineData("--listen", "somewhere")]
    [InlineData("--listen", "1")]
    [InlineData("--listen", ",")]
    [InlineData("--listen", "0.0.0.0")]
    [InlineData("--listen", "::")]
    [InlineData("--advertise", "0.0.0.0")]
    [InlineData("--advertise", "a b")]
    [InlineData("--advertise", "http://a")]
    [InlineData("--raft-addr", "7001")]
    [InlineData("--raft-addr", "127.0.0.1:0")]
    [InlineData("--raft-addr", "10.0.0.1:7001")]
    [InlineData("--raft-addr", "0.0.0.0:7001", "--insecure-cluster")]
    [InlineData("--raft-addr", "node1.test:7001")]
    [InlineData("--raft-addr", "127.0.0.1:8000")]
    [InlineData("--raft-addr", "localhost:8001", "-p", "8001")]
    [InlineData("--raft-addr", "0.0.0.0:8000", "--insecure-cluster", "--advertise", "node1.test")]
    [InlineData("--raft-addr", "10.0.0.1:8000", "--insecure-cluster", "--listen", "0.0.0.0")]
    [InlineData("--raft-dir", "")]
    [InlineData("--raft-join", "127.0.0.1:8001")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", ",")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", "127.0.0.1:8001,8002")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", "127.0.0.1:8001,0.0.0.0:8002")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", "127.0.0.1:8001", "127.0.0.1:8002")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", "127.0.0.1:8000,127.0.0.1:8000")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", "127.0.0.1:8000", "--raft-join", "127.0.0.1:8000")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", "http://127.0.0.1:8001")]
    [InlineData("--raft-addr", "127.0.0.1:7001", "--raft-join", "127.0.0.1:8000")]
    [InlineData("--max-value", "0")]
    [InlineData("--slow-request", "1ms")]
    [InlineData("--slow-request", "6m")]
    [InlineData("--log-keys", "all")]
    [InlineData("--otlp-endpoint", "127.0.0.1:4318")]
    [InlineData("--otlp-endpoint", "http://127.0.0.1:4318/v1/traces")]
    [InlineData("--max-value", "9MiB")]
    [InlineData("--max-value", "1MB")]
    [InlineData("--max-memory", "1MiB")]
    [InlineData("--max-memory", "99999999999GiB")]
    [InlineData("--request-timeout", "50ms")]
    [InlineData("--request-timeout", "6m")]
    [InlineData("--request-timeout", "-5s")]
    [InlineData("--allowed-hosts", "a:1")]
    [InlineData("--allow-origin", "app.test")]
    [InlineData("--allow-origin", "http://app.test/page")]
    [InlineData("--insecure-cluster", "maybe")]
    [InlineData("--insecure-cluster", "true")] // as a variable it has a value, as a flag it has none
    [InlineData("--log-level", "loud")]
    [InlineData("--log-format", "xml")]
    [InlineData("--cluster-port", "0")]
    [InlineData("--cluster-port", "8000")]
    [InlineData("--cluster-slot", "100-0")]
    [InlineData("--cluster-slot", "0-16384")]
    [InlineData("--cluster-members", "a")]
    [InlineData("--cluster-members", "0.0.0.0:9001")]
    [InlineData("--routing", "sometimes")]
    [InlineData("--routing", "proxy")]
    public void What_is_not_possible_is_one_line_and_exit_code_64(params string[] args)
    {
        CommandLineResult result = CommandLine.Read(args, new Hashtable(), "1.2.3");

        Assert.Null(result.Options);
        Assert.Equal(64, result.ExitCode);
        Assert.StartsWith("gache: ", result.Text, StringComparison.Ordinal);
        Assert.Equal(result.Text.Length - 1, result.Text.IndexOf('\n', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GACHE_PROT", "8000")]
    [InlineData("GACHE_", "x")]
    [InlineData("GACHE_PORT", "tcp://10.0.0.1:8000")]
    [InlineData("GACHE_SERVICE_HOST", "10.0.0.1")]
    [InlineData("GACHE_CLUSTER_SLOT", "1-0")]
    [InlineData("GACHE_PORT", "x")]
    public void A_variable_that_is_not_understood_is_an_error_that_names_it(string name, string value)
    {
        CommandLineResult result = CommandLine.Read([], new Hashtable { [name] = value }, "1.2.3");
        Assert.Equal(64, result.ExitCode);
        Assert.Contains(name, result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Variables_of_others_and_empty_ones_are_left_alone()
    {
        ServerOptions options = Read(new Hashtable { ["PATH"] = "/bin", ["GACHE_PORT"] = "", ["GACHES"] = "x" });
        Assert.Equal(8000, options.Port);
    }

    [Fact]
    public void What_others_are_told_follows_from_what_is_said()
    {
        Assert.Equal("10.0.0.1:8000", Read("--raft-addr", "10.0.0.1:7001", "--insecure-cluster").AdvertisedApi.ToString());
        Assert.Equal("10.0.0.5:8000", Read("--listen", "10.0.0.5").AdvertisedApi.ToString());
        Assert.Equal("a.test:80", Read("--listen", "::", "--advertise", "a.test:80").AdvertisedApi.ToString());
        Assert.Equal("[fd00::1]:8000", Read("--advertise", "[fd00::1]").AdvertisedApi.ToString());
        Assert.Equal([IPAddress.IPv6Any], Read("--listen", "0.0.0.0,::", "--advertise", "a").Listen);
        Assert.Equal("[::1]:7001", Read("--raft-addr", "[::1]:7001").AdvertisedRaft.ToString());
        Assert.Equal("localhost:7001", Read("--raft-addr", "localhost:7001").AdvertisedRaft.ToString());
    }

    [Fact]
    public void Help_and_version_are_answers_on_stdout()
    {
        CommandLineResult help = CommandLine.Read(["--help"], new Hashtable(), "1.2.3");
        Assert.Equal(0, help.ExitCode);
        foreach (OptionRow row in OptionTable.Rows)
            Assert.Equal(row.IsShown, help.Text.Contains(row.Flag + (row.Placeholder is null ? "  " : $" <{row.Placeholder}>"), StringComparison.Ordinal));

        Assert.Equal(new CommandLineResult(null, "gache 1.2.3\n", 0), CommandLine.Read(["--version"], new Hashtable(), "1.2.3"));
    }

    [Fact]
    public void The_help_names_the_words_of_the_tool()
    {
        string help = CommandLine.Read(["--help"], new Hashtable(), "1.2.3").Text;
        Assert.Contains("gache playground", help, StringComparison.Ordinal);
        Assert.Contains("gache cluster", help, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_program_gives_is_taken_and_not_shown()
    {
        Assert.False(Read().StopsWithStdin);
        Assert.True(Read("--stop-with-stdin").StopsWithStdin);
        Assert.DoesNotContain("stop-with-stdin", OptionsMarkdown.Write(), StringComparison.Ordinal);
    }

    /// <summary>README's table of options is made from the table in the code.</summary>
    [Fact]
    public void The_readme_shows_the_options_there_are()
    {
        string readme = File.ReadAllText(Repository.PathOf("README.md"));
        int begin = readme.IndexOf(OptionsMarkdown.Begin, StringComparison.Ordinal);
        int end = readme.IndexOf(OptionsMarkdown.End, StringComparison.Ordinal) + OptionsMarkdown.End.Length;
        string shown = begin < 0 || end < begin ? "" : readme[begin..end];

        Assert.True(shown == OptionsMarkdown.Write(), $"README.md must have this, word for word:\n{OptionsMarkdown.Write()}");
    }

    private static ServerOptions Read(params string[] args) => Read(new Hashtable(), args);

    private static ServerOptions Read(Hashtable environment, params string[] args)
    {
        CommandLineResult result = CommandLine.Read(args, environment, "1.2.3");
        Assert.True(result.Options is not null, result.Text);
        return result.Options;
    }
}
