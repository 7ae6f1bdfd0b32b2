using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>A node under a service manager: <c>deploy/systemd</c> and sd_notify(3).</summary>
public sealed class ServiceManagerTests
{
    private const int Usage = 64;
    private const int FolderNotUsable = 73;

    /// <summary>The command as it stands in the unit; only the program's and the folder's places are this machine's.</summary>
    [Fact]
    public async Task The_command_of_the_unit_says_ready_when_it_serves_then_how_it_fares_and_that_it_stops()
    {
        using var folder = new TestFolder();
        using var manager = new NotifyListener(folder["notify"]);
        string[] command = UnitCommand(folder["data"]);
        int port = Ports.Free();
        using var client = new Client();
        await using var node = new ChildProcess("gache.service", command[0], command[1..], folder.Path, Environment(manager, port));
        string url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

        await Wait.UntilAsync("it says that it serves", () => Task.FromResult(manager.WasTold("READY=1")));
        Assert.Equal(200, (await client.SendAsync(HttpMethod.Get, $"{url}/livez")).Status); // at once: READY=1 means that the port is open
        await Wait.UntilAsync("it tells what /readyz says", () => Task.FromResult(manager.Status == "ready"));
        Assert.Equal("ready\n", (await client.SendAsync(HttpMethod.Get, $"{url}/readyz")).Text);
        Assert.Equal(200, (await client.SendAsync(HttpMethod.Post, $"{url}/key/a", "v"u8.ToArray())).Status);
        Assert.False(manager.WasTold("STOPPING=1"), string.Join('\n', manager.Told));

        node.Send(Signal.Terminate);
        Assert.Equal(0, await node.ExitAsync());
        await Wait.UntilAsync("it said that it stops", () => Task.FromResult(manager.WasTold("STOPPING=1")));
        Assert.StartsWith("READY=1\n", manager.Told[0], StringComparison.Ordinal);
        Assert.StartsWith("STOPPING=1\n", manager.Told[^1], StringComparison.Ordinal);
        Assert.Equal("SIGTERM: stopping", manager.Status);
    }

    /// <summary>Three nodes of which two go: what the third tells changes, without its being asked.</summary>
    [Fact]
    public async Task A_node_that_loses_its_majority_tells_so_at_an_abstract_socket_too()
    {
        using var manager = new NotifyListener($"@gache-e2e-{Guid.NewGuid():n}");
        await using Shard shard = await Shard.StartAsync();
        await using Node watched = shard.Another("watched");
        await using var process = new ChildProcess("watched", ServerBinary.Path, watched.Arguments, shard.Folder.Path, Environment(manager, watched.Port));
        await Wait.UntilAsync("it tells that it is ready", () => Task.FromResult(manager.Status == "ready"));
        await shard.VotersAsync(4);

        foreach (Node node in shard.Nodes) await node.Process.KillAsync();

        await Wait.UntilAsync("it tells that nobody leads", () => Task.FromResult(manager.Status?.StartsWith("no leader", StringComparison.Ordinal) == true));
        Assert.Single(manager.Told, notice => notice.StartsWith("READY=1\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_may_not_start_never_says_ready()
    {
        using var folder = new TestFolder();
        using var manager = new NotifyListener(folder["notify"]);
        await File.WriteAllTextAsync(folder["file"], "", TestContext.Current.CancellationToken);

        await using var misled = new ChildProcess("misled", ServerBinary.Path, UnitCommand(folder["file"])[1..], folder.Path, Environment(manager, Ports.Free()));
        Assert.Equal(FolderNotUsable, await misled.ExitAsync());
        await using var misspelt = new ChildProcess("misspelt", ServerBinary.Path, ["--raft-dri", folder["data"]], folder.Path, Environment(manager, Ports.Free()));
        Assert.Equal(Usage, await misspelt.ExitAsync());

        Assert.Empty(manager.Told);
    }

    [Fact]
    public async Task A_manager_that_is_not_there_is_logged_and_hinders_nothing()
    {
        using var folder = new TestFolder();
        int port = Ports.Free();
        var environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = folder["nobody"], ["GACHE_PORT"] = port.ToString(CultureInfo.InvariantCulture) };
        await using var node = new ChildProcess("alone", ServerBinary.Path, ["--raft-dir", folder["data"]], folder.Path, environment);
        using var client = new Client();

        await Wait.UntilAsync("it is ready", async () => (await client.SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/readyz"))).Status == 200);
        node.Send(Signal.Terminate);
        Assert.Equal(0, await node.ExitAsync());
        Assert.Contains(folder["nobody"], node.Errors.ToString(), StringComparison.Ordinal);
    }

    private static string[] UnitCommand(string data)
    {
        const string Key = "ExecStart=";
        string line = Assert.Single(File.ReadLines(Path.Combine(ServerBinary.Root, "deploy/systemd/gache.service")), line => line.StartsWith(Key, StringComparison.Ordinal));
        string[] command = line[Key.Length..].Split(' ');
        Assert.Equal("/opt/gache/gache", command[0]);
        Assert.Contains("/var/lib/gache", command);
        return [ServerBinary.Path, .. command[1..].Select(part => part == "/var/lib/gache" ? data : part)];
    }

    private static Dictionary<string, string> Environment(NotifyListener manager, int port) => new()
    {
        ["NOTIFY_SOCKET"] = manager.Address,
        ["GACHE_PORT"] = port.ToString(CultureInfo.InvariantCulture), // as in /etc/gache/gache.env
    };
}
