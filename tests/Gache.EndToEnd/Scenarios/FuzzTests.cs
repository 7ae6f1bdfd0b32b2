using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gache.Cluster;
using Gache.Cluster.Calls.Wire;
using Gache.EndToEnd.Harness;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication;
using Gache.Replication.Transport.Wire;

namespace Gache.EndToEnd.Scenarios;

/// <summary>Garbage, oversized, truncated and replayed frames at both peer ports of a running node: no crash, no growth, no change of state.</summary>
/// <remarks>The worst stranger there can be before TLS: he knows the ids of cluster, shard and node, and says them in a right preamble.</remarks>
public sealed class FuzzTests
{
    private const int Keys = 100;
    private const int FramesAConnection = 2_000;
    private const long MostGrowthBytes = 64L << 20;

    /// <summary><c>GACHE_FUZZ_FRAMES</c> for the long form.</summary>
    private static readonly long Frames =
        long.TryParse(Environment.GetEnvironmentVariable("GACHE_FUZZ_FRAMES"), CultureInfo.InvariantCulture, out long frames) ? frames : 60_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Frames_that_nobody_sane_sends_crash_nothing_take_nothing_and_change_nothing(bool isClusterPort)
    {
        int seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        using var folder = new TestFolder();
        int clusterPort = Ports.Free();
        await using var node = new Node("node", folder["node"], null, "--cluster-port", clusterPort.ToString(CultureInfo.InvariantCulture)) { From = folder.Path };
        await node.StartReadyAsync();
        var values = new Dictionary<string, string>();
        for (int i = 0; i < Keys; i++) values[$"key-{i}"] = (await node.Client.SendAsync(HttpMethod.Post, node.Key($"key-{i}"), Encoding.UTF8.GetBytes($"value-{i}"))).ETag!;
        Target target = await Wait.ForAsync("it tells its slots", async () => await TargetAsync(node, folder) is { Slots: not "[]" } target ? target : null);

        await FuzzAsync(10_000); // what is made once, and kept
        long before = Resident(node);
        long sent = await FuzzAsync(Frames);

        Assert.True(node.IsRunning, node.Process.Log.ToString());
        Assert.Equal(200, (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/readyz")).Status);
        Assert.Equal(target, await TargetAsync(node, folder));
        for (int i = 0; i < Keys; i++)
        {
            Answer read = await node.Client.SendAsync(HttpMethod.Get, node.Key($"key-{i}"));
            Assert.Equal(($"value-{i}", values[$"key-{i}"]), (read.Text, read.ETag));
        }

        long growth = Resident(node) - before;
        TestContext.Current.SendDiagnosticMessage($"{sent} frames, resident {before >> 20} MiB and {growth >> 20} more afterwards");
        Assert.True(growth < MostGrowthBytes, $"{growth} bytes more after {sent} frames, seed {seed}");

        async Task<long> FuzzAsync(long frames)
        {
            long count = 0;
            while (count < frames)
            {
                Assert.True(node.IsRunning, node.Process.Log.ToString());
                count += isClusterPort ? Flood(random, clusterPort, ClusterHello(random, target), ClusterFrames) : Flood(random, node.RaftPort, RaftHello(random, target), raw => RaftFrames(raw, target));
                if (count % (FramesAConnection * 8) == 0) await Task.Yield();
            }

            return count;
        }
    }

    /// <summary>One connection: a preamble, frames, and at its end something that ends it.</summary>
    private static long Flood(Random random, int port, byte[] hello, Func<Random, List<byte[]>> make)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0), SendTimeout = 10_000 };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            if (random.Next(50) == 0) random.NextBytes(hello); // not even a preamble
            socket.Send(hello);
            List<byte[]> frames = make(random);
            byte[] drain = new byte[64 * 1024];
            using var all = new MemoryStream();
            foreach (byte[] frame in frames) all.Write(frame);
            ReadOnlySpan<byte> rest = all.ToArray();
            while (!rest.IsEmpty)
            {
                int count = socket.Send(rest[..Math.Min(rest.Length, 16 * 1024)]);
                rest = rest[count..];
                while (socket.Poll(0, SelectMode.SelectRead))
                {
                    if (socket.Receive(drain) == 0) return frames.Count; // it had enough
                }
            }

            // Everything was taken before the connection is cut: what ends it is answered by its end.
            socket.ReceiveTimeout = 100;
            if (random.Next(4) > 0) while (socket.Receive(drain) > 0) { }
            return frames.Count;
        }
        catch (SocketException)
        {
            return FramesAConnection; // closed on us: right so
        }
    }

    private static byte[] ClusterHello(Random random, Target target) =>
        new CallPreamble(new ClusterIdentity(NodeId.New(random), target.Cluster, (ulong)random.NextInt64()), random.Next(2) == 0 ? target.Node : default).Encode();

    private static List<byte[]> ClusterFrames(Random random)
    {
        var frames = new List<byte[]>(FramesAConnection);
        ulong id = 0;
        while (frames.Count < FramesAConnection - 1)
        {
            // A whole frame whose body is nothing that its kind can be.
            byte[] body = new byte[random.Next(200)];
            random.NextBytes(body);
            frames.Add(ClusterFrame(random, ++id, body));
        }

        frames.Add(random.Next(5) switch
        {
            0 => ClusterFrame(random, id, [1, 2, 3]), // said again
            1 => Claiming(ClusterFrame(random, id + 1, []), uint.MaxValue - (uint)random.Next(100)),
            2 => Claiming(ClusterFrame(random, id + 1, []), 1 << 20), // begun, and never more
            3 => Flipped(random, ClusterFrame(random, id + 1, new byte[40])),
            _ => ClusterFrame(random, id + 1, new byte[90])[..random.Next(1, 90)],
        });
        return frames;
    }

    private static byte[] ClusterFrame(Random random, ulong id, byte[] body)
    {
        byte[] frame = new byte[FrameHead.Length + body.Length];
        new FrameHead(FrameType.Request, (CallKind)random.Next(0, 256), id, (uint)random.Next(1, 100), body.Length, 0).Write(frame, FrameHead.SumOf(body));
        body.CopyTo(frame, FrameHead.Length);
        return frame;
    }

    private static byte[] RaftHello(Random random, Target target)
    {
        var kind = (ConnectionKind)random.Next(0, 2);
        var who = new PeerIdentity(NodeId.New(random), target.Shard, target.Cluster, (ulong)random.NextInt64(), "127.0.0.1:1", "127.0.0.1:2");
        return [.. new Preamble(kind, who, target.Node).Encode(), PreambleEnvelope.Confirmation];
    }

    private static List<byte[]> RaftFrames(Random random, Target target)
    {
        // Of old terms, from nobody that is known: whole frames, and a replay each.
        var from = NodeId.New(random);
        var frames = new List<byte[]>(FramesAConnection);
        while (frames.Count < FramesAConnection - 1)
        {
            var writer = new ByteWriter();
            PeerFrame.Write(writer, new CoreMessage
            {
                To = target.Node,
                Message = new Message
                {
                    Kind = (MessageKind)random.Next(1, 10), From = from, To = target.Node, Term = (ulong)random.Next(0, 2), LogIndex = (ulong)random.Next(), LogTerm = (ulong)random.Next(0, 2),
                },
            });
            frames.Add(writer.Written.ToArray());
        }

        byte[] last = frames[^1];
        frames.Add(random.Next(4) switch
        {
            0 => Flipped(random, [.. last]),
            1 => Claiming([.. last], uint.MaxValue),
            2 => last[..random.Next(1, last.Length)],
            _ => Garbage(random),
        });
        return frames;
    }

    private static byte[] Garbage(Random random)
    {
        byte[] bytes = new byte[random.Next(1, 4_000)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Flipped(Random random, byte[] frame)
    {
        frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
        return frame;
    }

    private static byte[] Claiming(byte[] frame, uint length)
    {
        BitConverter.TryWriteBytes(frame, length);
        return frame;
    }

    /// <summary>How much of a node's memory is resident, in bytes.</summary>
    internal static long Resident(Node node)
    {
        using Process process = Process.GetProcessById(node.Process.Id);
        return process.WorkingSet64;
    }

    private static async Task<Target> TargetAsync(Node node, TestFolder folder)
    {
        JsonElement own = (await node.ClusterAsync())!.Value;
        FolderIdentity who = new DataFolder(new Gache.Log.RealFileSystem(), folder["node"]).ReadIdentity()!;
        return new Target(who.Node, who.Shard, who.Cluster, own.GetProperty("term").GetUInt64(), own.GetProperty("members").GetArrayLength(), own.GetProperty("slots").GetRawText());
    }

    /// <summary>What the stranger knows, and what must stay as it is.</summary>
    private sealed record Target(NodeId Node, ShardId Shard, ClusterId Cluster, ulong Term, int Members, string Slots);
}
