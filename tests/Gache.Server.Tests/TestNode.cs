using System.Net;
using System.Text.Json;
using Gache.Replication;
using Gache.Server.Hosting;
using Gache.Server.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>The HTTP layer on a real port, over a shard in memory.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string LeaderElsewhere = "127.0.0.1:8999";

    private readonly ApiHost host;

    private TestNode(ApiHost host, MemoryShard shard)
    {
        this.host = host;
        Shard = shard;
        Uri address = new(host.Addresses.First());
        EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port);
    }

    public MemoryShard Shard { get; }

    public IPEndPoint EndPoint { get; }

    public ApiHost Host => host;

    public static async Task<TestNode> StartAsync(Func<ApiSettings, ApiSettings>? change = null, bool isServing = true, ILoggerFactory? log = null, Func<long>? microseconds = null)
    {
        var settings = new ApiSettings { AdvertisedApi = "node1.test:8001", Version = "1.2.3" };
        ApiHost host = await ApiHost.StartAsync(
            change?.Invoke(settings) ?? settings, [IPAddress.Loopback], 0, log ?? NullLoggerFactory.Instance, microseconds);
        var node = new TestNode(host, new MemoryShard());
        if (isServing) host.Serve(node.Shard);
        return node;
    }

    /// <summary>A node that follows a leader it has heard.</summary>
    public static async Task<TestNode> StartFollowerAsync()
    {
        TestNode node = await StartAsync();
        node.Shard.Status = MemoryShard.Leading() with { Role = ReplicaRole.Follower, LeaderApi = LeaderElsewhere };
        node.Shard.Refusal = new Refusal(RefusalCode.NotLeader, "another leads", LeaderElsewhere);
        return node;
    }

    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(EndPoint);

    /// <summary>One request on a connection of its own.</summary>
    public async Task<RawAnswer> AskAsync(string method, string target, string headers = "", string body = "")
    {
        using RawConnection connection = await ConnectAsync();
        string length = body.Length > 0 || method is "POST" or "PUT" ? $"Content-Length: {body.Length}\r\n" : "";
        await connection.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{length}{headers}\r\n{body}");
        return await connection.ReadAsync(method == "HEAD");
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Shard.Dispose();
    }
}

internal static class Problem
{
    /// <summary>Holds that the answer is a problem in full form.</summary>
    public static void Is(RawAnswer answer, int status, string code, string outcome = "not-applied", bool isRetryable = false)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", answer["Content-Type"]);
        using JsonDocument json = JsonDocument.Parse(answer.Body);
        JsonElement root = json.RootElement;
        Assert.Equal("urn:gache:problem:" + code, root.GetProperty("type").GetString());
        Assert.Equal(code, root.GetProperty("code").GetString());
        Assert.Equal(status, root.GetProperty("status").GetInt32());
        Assert.Equal(outcome, root.GetProperty("outcome").GetString());
        Assert.Equal(isRetryable, root.GetProperty("retryable").GetBoolean());
        Assert.NotEmpty(root.GetProperty("title").GetString()!);
        Assert.NotEmpty(root.GetProperty("detail").GetString()!);
    }
}
