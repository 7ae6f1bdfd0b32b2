namespace Gache.EndToEnd.Deploy;

/// <summary><c>deploy/kubernetes/gache.yaml</c>: what must fit together does, and what it starts becomes one shard.</summary>
public sealed class KubernetesTests
{
    /// <summary>From SIGTERM to the end (README, exit codes; ServerProcess).</summary>
    internal const int StopSeconds = 10;

    private static readonly IReadOnlyList<Yaml> Objects = Yaml.Read("deploy/kubernetes/gache.yaml");

    private static Yaml Set => Of("StatefulSet")["spec"];

    private static Yaml Pod => Set["template"]["spec"];

    private static Yaml Container => Assert.Single(Pod["containers"].Items);

    private static string[] Labels => Set["template"]["metadata"]["labels"].Pairs;

    [Fact]
    public void Each_object_is_of_a_kind_and_version_that_the_platform_serves()
    {
        string[] kinds = [.. Objects.Select(one => $"{one["apiVersion"].Text} {one["kind"].Text} {one["metadata"]["name"].Text}").Order(StringComparer.Ordinal)];

        Assert.Equal(
            [
                "apps/v1 StatefulSet gache", "networking.k8s.io/v1 NetworkPolicy gache", "policy/v1 PodDisruptionBudget gache", "v1 Service gache",
                "v1 Service gache-client",
            ], kinds);
        foreach (Yaml one in Objects) Assert.True(one["metadata"]["name"].Text.All(c => char.IsAsciiLetterLower(c) || c is '-'));
    }

    [Fact]
    public void All_selectors_mean_the_pods()
    {
        foreach (Yaml service in Objects.Where(one => one["kind"].Text == "Service")) Assert.Equal(Labels, service["spec"]["selector"].Pairs);
        Assert.Equal(Labels, Set["selector"]["matchLabels"].Pairs);
        Assert.Equal(Labels, Of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"].Pairs);
        Assert.Equal(Labels, Of("NetworkPolicy")["spec"]["podSelector"]["matchLabels"].Pairs);
        Assert.Equal(Labels, Assert.Single(Pod["topologySpreadConstraints"].Items)["labelSelector"]["matchLabels"].Pairs);
        Assert.NotEmpty(Labels);
    }

    /// <summary>A pod's name must be known before it is ready, and all are started at once: each becomes ready by the others.</summary>
    [Fact]
    public void The_pods_start_together_and_have_names_from_the_beginning()
    {
        Yaml headless = Service(Set["serviceName"].Text);

        Assert.Equal(("None", "true"), (headless["clusterIP"].Text, headless["publishNotReadyAddresses"].Text));
        Assert.Equal(("Parallel", 3), (Set["podManagementPolicy"].Text, Set["replicas"].Number));
        Assert.False(Service("gache-client").Has("clusterIP"));
        Assert.False(Service("gache-client").Has("publishNotReadyAddresses"));
        Assert.Equal(1, Of("PodDisruptionBudget")["spec"]["maxUnavailable"].Number);
        Assert.Equal("false", Pod["enableServiceLinks"].Text); // else GACHE_PORT and the like
    }

    [Fact]
    public void Ports_have_names_that_services_probes_and_the_policy_use_and_the_arguments_listen_on_them()
    {
        Dictionary<string, int> ports = Container["ports"].Items.ToDictionary(port => port["name"].Text, port => port["containerPort"].Number);
        Assert.Equal(["api", "cluster", "raft"], ports.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            (ports["api"], ports["raft"], ports["cluster"]),
            (int.Parse(After("--port"), null), int.Parse(After("--raft-addr").Split(':')[1], null), int.Parse(After("--cluster-port"), null)));

        foreach (Yaml port in Objects.Where(one => one["kind"].Text == "Service").SelectMany(service => service["spec"]["ports"].Items))
            Assert.Equal(ports[port["targetPort"].Text], port["port"].Number);
        Assert.Equal(ports.Keys.Order(StringComparer.Ordinal), Service("gache")["ports"].Items.Select(port => port["name"].Text).Order(StringComparer.Ordinal));
        Assert.Equal("api", Assert.Single(Service("gache-client")["ports"].Items)["targetPort"].Text);

        Yaml[] rules = [.. Of("NetworkPolicy")["spec"]["ingress"].Items];
        Assert.Equal(["api"], rules.Where(rule => !rule.Has("from")).SelectMany(rule => rule["ports"].Items).Select(port => port["port"].Text));
        Yaml inside = Assert.Single(rules, rule => rule.Has("from"));
        Assert.Equal(["raft", "cluster"], inside["ports"].Items.Select(port => port["port"].Text));
        Assert.Equal(Labels, Assert.Single(inside["from"].Items)["podSelector"]["matchLabels"].Pairs);
    }

    [Fact]
    public void Probes_ask_the_health_pages_and_a_stop_has_its_time()
    {
        Assert.Equal(("/livez", "api"), (Container["livenessProbe"]["httpGet"]["path"].Text, Container["livenessProbe"]["httpGet"]["port"].Text));
        Assert.Equal(("/readyz", "api"), (Container["readinessProbe"]["httpGet"]["path"].Text, Container["readinessProbe"]["httpGet"]["port"].Text));
        Assert.True(Pod["terminationGracePeriodSeconds"].Number > StopSeconds);
    }

    [Fact]
    public void A_pod_may_do_nothing_but_write_its_volume()
    {
        Assert.Equal("true", Pod["securityContext"]["runAsNonRoot"].Text);
        Assert.Equal(DockerfileTests.User, $"{Pod["securityContext"]["runAsUser"].Text}:{Pod["securityContext"]["runAsGroup"].Text}");
        Assert.Equal(Pod["securityContext"]["runAsGroup"].Text, Pod["securityContext"]["fsGroup"].Text);
        Yaml context = Container["securityContext"];
        Assert.Equal(("true", "false"), (context["readOnlyRootFilesystem"].Text, context["allowPrivilegeEscalation"].Text));
        Assert.Equal(["ALL"], context["capabilities"]["drop"].Texts);
        Yaml mount = Assert.Single(Container["volumeMounts"].Items);
        Assert.Equal(mount["name"].Text, Assert.Single(Set["volumeClaimTemplates"].Items)["metadata"]["name"].Text);
        Assert.StartsWith(mount["mountPath"].Text + "/", After("--raft-dir"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Three_pods_with_these_arguments_become_one_shard_and_any_of_them_serves()
    {
        string name = Of("StatefulSet")["metadata"]["name"].Text;
        string[] pods = [.. Enumerable.Range(0, Set["replicas"].Number).Select(i => $"{name}-{i}")];
        Assert.Equal("metadata.name", Assert.Single(Container["env"].Items, one => one["name"].Text == "POD_NAME")["valueFrom"]["fieldRef"]["fieldPath"].Text);
        await using var nodes = new DeployedNodes(
            pods.Select(pod => new DeployedNode(
                $"{pod}.{Set["serviceName"].Text}", [.. Container["args"].Texts.Select(text => text.Replace("$(POD_NAME)", pod, StringComparison.Ordinal))], [])),
            Container["ports"].Items.Single(port => port["name"].Text == "api")["containerPort"].Number);

        await nodes.StartAsync();
        await nodes.AllServeAsync();

        await nodes.OneShardAsync(voters: 3);
        Assert.All(await nodes.StopAsync(TimeSpan.FromSeconds(Pod["terminationGracePeriodSeconds"].Number)), code => Assert.Equal(0, code));
    }

    private static Yaml Of(string kind) => Assert.Single(Objects, one => one["kind"].Text == kind);

    private static Yaml Service(string name) => Assert.Single(Objects, one => one["kind"].Text == "Service" && one["metadata"]["name"].Text == name)["spec"];

    private static string After(string flag) => Container["args"].Texts[Array.IndexOf(Container["args"].Texts, flag) + 1];
}
