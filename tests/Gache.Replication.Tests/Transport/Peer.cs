using System.Diagnostics;
using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Replication.Tests.Transport;

/// <summary>One node of a test: a transport on a free port of the loopback address, and what it told its replica.</summary>
internal sealed class Peer : IDisposable
{
    public static readonly ShardId Shard = new(7);
    public static readonly ClusterId Cluster = new(77);
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public Peer(uint id, ulong nonce = 1, ShardId? shard = null, ClusterId? cluster = null, string listen = "127.0.0.1:0", bool keepsMessages = true)
    {
        Replica = new RecordingReplica { KeepsMessages = keepsMessages };
        Identity = new PeerIdentity(new NodeId(id), shard ?? Shard, cluster ?? Cluster, nonce, "unknown:1", $"127.0.0.1:{8000 + id}");
        Transport = new TcpTransport(new TcpTransportOptions { ListenAddress = listen, Identity = Identity, Logger = Log });
        Identity = Identity with { RaftAddress = Transport.ListenEndPoint.ToString() };
        Transport.SetIdentity(Identity);
        Transport.Start(Replica);
    }

    /// <summary>The identity of a process that nobody can dial back.</summary>
    public static PeerIdentity Stranger(uint id, ulong nonce = 1) =>
        new(new NodeId(id), Shard, Cluster, nonce, "127.0.0.1:1", "127.0.0.1:2");

    public RecordingReplica Replica { get; }

    public RecordingLogger Log { get; } = new();

    public TcpTransport Transport { get; }

    public PeerIdentity Identity { get; private set; }

    public NodeId Id => Identity.Node;

    public PeerAddress Address => new(Id, Identity.RaftAddress);

    public int Port => Transport.ListenEndPoint.Port;

    /// <summary>Two peers that stand connected both ways.</summary>
    public static (Peer A, Peer B) Pair(bool keepsMessages = true)
    {
        Peer a = new(1, keepsMessages: keepsMessages), b = new(2, keepsMessages: keepsMessages);
        a.Transport.SetPeers([b.Address]);
        b.Transport.SetPeers([a.Address]);
        Until(() => a.Replica.IsConnected(b.Id) && b.Replica.IsConnected(a.Id), "both are connected");
        return (a, b);
    }

    public static void Until(Func<bool> condition, string what, TimeSpan? within = null)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < (within ?? Patience), $"it did not happen in time that {what}");
            Thread.Yield();
        }
    }

    public void ChangeIdentity(Func<PeerIdentity, PeerIdentity> change)
    {
        Identity = change(Identity);
        Transport.SetIdentity(Identity);
    }

    public CoreMessage Heartbeat(NodeId to, ulong round = 0) => new()
    {
        To = to,
        Message = new Message { Kind = MessageKind.Heartbeat, From = Id, To = to, Term = 1, Round = round },
    };

    public CoreMessage Append(NodeId to, int entryCount, int payloadLength, ulong previousIndex = 0)
    {
        var entries = new Entry[entryCount];
        for (int i = 0; i < entryCount; i++)
        {
            byte[] payload = new byte[payloadLength];
            payload.AsSpan().Fill((byte)(i + 1));
            entries[i] = new Entry(previousIndex + (ulong)i + 1, 1, EntryKind.Command, payload);
        }

        return new CoreMessage
        {
            To = to,
            Message = new Message { Kind = MessageKind.Append, From = Id, To = to, Term = 1, LogIndex = previousIndex, Entries = entries },
        };
    }

    public void Dispose() => Transport.Dispose();
}
