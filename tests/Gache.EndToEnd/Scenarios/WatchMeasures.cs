using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>Figures of watches; run by hand: <c>-explicit only</c>. Needs some 12,000 open files.</summary>
public sealed class WatchMeasures
{
    private const int Watchers = 10_000;

    /// <summary>Half watch a key each, half all keys of a prefix: memory when all stand, and how long one change takes to reach five thousand.</summary>
    [Fact(Explicit = true)]
    public async Task Ten_thousand_watchers_on_one_node()
    {
        using var folder = new TestFolder();
        await using var node = new Node("node1", folder["node1"]) { From = folder.Path };
        await node.StartReadyAsync();
        long before = FuzzTests.Resident(node) >> 20;
        var sockets = new List<Socket>();
        try
        {
            for (int i = 0; i < Watchers; i++) sockets.Add(await OpenAsync(node, i % 2 == 0 ? $"key=k{i}" : "prefix=all"));
            foreach (Socket socket in sockets) await ReadUntilAsync(socket, "event: ready");
            long standing = FuzzTests.Resident(node) >> 20;

            Socket refused = await OpenAsync(node, "prefix=");
            sockets.Add(refused);
            Assert.Contains("429", await ReadUntilAsync(refused, "\r\n"), StringComparison.Ordinal);

            var clock = Stopwatch.StartNew();
            Assert.Equal(200, (await node.Client.SendAsync(HttpMethod.Post, node.Key("all1"), "v"u8.ToArray())).Status);
            double written = clock.Elapsed.TotalMilliseconds;
            for (int i = 1; i < Watchers; i += 2) await ReadUntilAsync(sockets[i], "event: put");
            double told = clock.Elapsed.TotalMilliseconds;
            long after = FuzzTests.Resident(node) >> 20;
            TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{before} MiB before, {standing} MiB with {Watchers} watchers, {after} MiB after; a write took {written:0} ms, and was told to {Watchers / 2} in {told:0} ms"));
            Assert.True(standing < 500 && after < 500, $"{standing} and {after} MiB");
        }
        finally
        {
            foreach (Socket socket in sockets) socket.Dispose();
        }

        await Wait.UntilAsync("their places are free again", async () =>
        {
            using Socket again = await OpenAsync(node, "prefix=");
            return (await ReadUntilAsync(again, "\r\n")).Contains("200", StringComparison.Ordinal);
        });
    }

    private static async Task<Socket> OpenAsync(Node node, string query)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, node.Port, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /watch?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<string> ReadUntilAsync(Socket socket, string wanted)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4_096];
        while (!text.ToString().Contains(wanted, StringComparison.Ordinal))
        {
            int count = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            if (count == 0) return text.ToString();
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
