using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>A start that cannot succeed says why in one line and leaves with its own code.</summary>
public sealed class StartTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Theory]
    [InlineData(64, "--no-such-option", "--no-such-option")]
    [InlineData(64, "-p", "-p", "eighty")]
    [InlineData(64, "-p", "-p", "70000")]
    [InlineData(64, "--max-value", "--max-value", "9MiB")]
    [InlineData(64, "--cluster-slot", "--cluster-slot", "5000-0")]
    [InlineData(64, "--cluster-slot", "--cluster-slot", "0-16384")]
    [InlineData(64, "--cluster-members", "--cluster-members", "nowhere")]
    [InlineData(64, "--raft-addr", "--raft-addr", "nowhere")]
    [InlineData(64, "GACHE_NO_SUCH_NAME", "environment GACHE_NO_SUCH_NAME=1")]
    [InlineData(73, "/dev/null", "--raft-dir", "/dev/null/x")]
    public async Task What_cannot_be_is_refused_by_name(int code, string named, params string[] arguments)
    {
        Dictionary<string, string> environment = [];
        if (arguments[0].Split(' ') is ["environment", var setting])
        {
            environment[setting.Split('=')[0]] = setting.Split('=')[1];
            arguments = [];
        }

        await using var process = new ChildProcess("gache", ServerBinary.Path, arguments, folder.Path, environment);

        Assert.Equal(code, await process.ExitAsync());
        Assert.Contains(named, Assert.Single(process.Errors.Lines), StringComparison.Ordinal);
        Assert.Empty(process.Output.Lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_port_in_use_is_named(bool isRaft)
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        int port = Ports.Free();
        holder.Bind(new IPEndPoint(IPAddress.Loopback, port));
        holder.Listen();
        await using Node node = isRaft
            ? new Node("node", folder["node"]) { From = folder.Path, RaftPort = port }
            : new Node("node", folder["node"]) { From = folder.Path, Port = port };

        node.Start();

        Assert.Equal(69, await node.Process.ExitAsync());
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), Assert.Single(node.Process.Errors.Lines), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
