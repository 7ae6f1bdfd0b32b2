using System.Globalization;

namespace Gache.EndToEnd.Deploy;

/// <summary><c>deploy/compose/compose.yaml</c>: three services that differ in their names only become one shard.</summary>
public sealed class ComposeTests
{
    private static readonly Yaml File = Assert.Single(Yaml.Read("deploy/compose/compose.yaml"));

    private static IReadOnlyDictionary<string, Yaml> Services => File["services"].Fields;

    [Fact]
    public void Services_differ_in_name_volume_and_published_port_only()
    {
        Assert.Equal(3, Services.Count);
        Assert.Single(Services.Values.Select(service => string.Join('\n', service["command"].Texts)).Distinct());
        foreach ((string name, Yaml service) in Services)
        {
            Assert.Equal([$"GACHE_ADVERTISE={name}"], service["environment"].Pairs);
            Assert.Contains(Assert.Single(service["volumes"].Texts).Split(':')[0], File["volumes"].Fields.Keys);
            Assert.Matches("^127\\.0\\.0\\.1:[0-9]+:8000$", Assert.Single(service["ports"].Texts)); // the raft and cluster ports are nobody else's
        }

        Assert.Equal(3, Services.Values.Select(service => service["volumes"].Texts[0]).Distinct().Count());
        Assert.Equal(3, Services.Values.Select(service => service["ports"].Texts[0]).Distinct().Count());
    }

    [Fact]
    public void A_container_may_do_nothing_but_write_its_volume_and_has_time_to_stop()
    {
        foreach (Yaml service in Services.Values)
        {
            Assert.Equal((DockerfileTests.User, "true"), (service["user"].Text, service["read_only"].Text));
            Assert.Equal(["ALL"], service["cap_drop"].Texts);
            Assert.Equal(["no-new-privileges:true"], service["security_opt"].Texts);
            Assert.True(int.Parse(service["stop_grace_period"].Text.TrimEnd('s'), CultureInfo.InvariantCulture) > KubernetesTests.StopSeconds);
            Assert.True(System.IO.File.Exists(Path.Combine(Harness.ServerBinary.Root, service["build"]["dockerfile"].Text)));
            Assert.Equal("../..", service["build"]["context"].Text);
            string[] command = service["command"].Texts;
            Assert.StartsWith(service["volumes"].Texts[0].Split(':')[1] + "/", command[Array.IndexOf(command, "--raft-dir") + 1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_three_services_become_one_shard_and_any_of_them_serves_and_is_found_healthy()
    {
        await using var nodes = new DeployedNodes(
            Services.Select(service => new DeployedNode(
                service.Key, service.Value["command"].Texts, service.Value["environment"].Fields.ToDictionary(field => field.Key, field => field.Value.Text))),
            apiPort: 8000);
        string[] check = [.. Services["gache1"]["healthcheck"]["test"].Texts.Select(text => text.Replace("$$", "$", StringComparison.Ordinal))];
        Assert.Equal("CMD", check[0]);

        await nodes.StartAsync();
        await nodes.AllServeAsync();

        await nodes.OneShardAsync(voters: 3);
        Assert.Equal(0, await nodes.RunAsync(1, OfNode(check, "0.0.0.0")));
        Assert.All(await nodes.StopAsync(TimeSpan.FromSeconds(30)), code => Assert.Equal(0, code));
        Assert.NotEqual(0, await nodes.RunAsync(1, OfNode(check, "0.0.0.0")));
    }

    /// <summary>In its container a node is at 127.0.0.1; here it has an address of its own.</summary>
    private static string[] OfNode(string[] check, string address) => [.. check[1..].Select(text => text.Replace("127.0.0.1", address, StringComparison.Ordinal))];
}
