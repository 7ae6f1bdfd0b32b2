using Gache.Log;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http;
using Gache.Store;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>A shard in memory, over the store itself: answers at once, or as the test says.</summary>
internal sealed class MemoryShard : IShard, IDisposable
{
    private readonly KeyValueStore keys = new();
    private readonly Lock gate = new();
    private int waiting;

    public static NodeId Node { get; } = new(7);

    public ReplicaStatus Status { get; set; } = Leading();

    public ReplicaCounters Counters { get; } = new();

    public LogWriterCounters? LogCounters { get; } = new(TimeProvider.System);

    public StageTimes? Stages { get; set; } = new(TimeProvider.System);

    public TransportCounters? Peers { get; } = new();

    /// <summary>If set, the answer to everything.</summary>
    public Refusal? Refusal { get; set; }

    public bool IsFull { get; set; }

    /// <summary>If set, writes and reads wait for it.</summary>
    public Task? Gate { get; set; }

    public List<JoinRequest> Joins { get; } = [];

    public JoinAnswer JoinAnswer { get; set; } = new(null, JoinRefusal.None, "", new ClusterId(3), new ShardId(5), new NodeId(9)) { Slots = SlotSet.All };

    public int Writes { get; private set; }

    /// <summary>Requests that came to <see cref="Gate"/>.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    public ReadLevel LastLevel { get; private set; }

    public static ReplicaStatus Leading() => new()
    {
        Node = Node,
        Shard = new ShardId(5),
        Cluster = new ClusterId(3),
        Role = ReplicaRole.Leader,
        Term = 4,
        Leader = Node,
        LeaderApi = "127.0.0.1:8001",
        IsLeaderHeard = true,
        Members = [new MemberStatus(Node, "127.0.0.1:7001", "127.0.0.1:8001", "leader", 0, true)],
        FirstIndex = 1,
        LastIndex = 10,
        DurableIndex = 10,
        CommitIndex = 10,
        AppliedIndex = 10,
        ShardCommitIndex = 10,
        ShardCommitIndexSecondAgo = 10,
        HasCaughtUp = true,
        IsLoading = false,
        SnapshotIndex = 0,
        Revision = 9,
        KeyCount = 3,
        StoreBytes = 1000,
        MaxStoreBytes = 1_000_000,
        Checksum = 1,
        ChecksumIndex = 8,
        QueuedRequests = 0,
        Alarms = [],
        MayServe = true,
        HasRoomForSlots = true,
    };

    public async ValueTask<WriteAnswer> WriteAsync(byte[] command)
    {
        if (Gate is { } wait) await PassAsync(wait);
        if (Refusal is { } refusal) return new WriteAnswer(refusal);

        Assert.True(Command.TryParse(command, out CommandView view));
        if (view.Kind is >= CommandKind.Found and <= CommandKind.Recover)
        {
            Assert.NotNull(Store);
            ApplyResult result = Store.Apply(Store.AppliedIndex + 1, command);
            return new WriteAnswer(result.Status == ApplyStatus.Done ? null : new Refusal(RefusalCode.Outdated, "the slot is in another phase"));
        }

        lock (gate)
        {
            Writes++;
            Command.StampTime(command, Time);
            ApplyResult result = keys.Apply(keys.AppliedIndex + 1, command);
            return new WriteAnswer(null, result.Revision, result.Existed, result.Status, result.Number, result.Body);
        }
    }

    private async Task PassAsync(Task wait)
    {
        Interlocked.Increment(ref waiting);
        await wait;
    }

    public async ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadLevel level)
    {
        if (Gate is { } wait) await PassAsync(wait);
        LastLevel = level;
        if (Refusal is { } refusal) return new ReadAnswer(refusal);
        lock (gate)
        {
            if (!keys.TryGet(key.Span, out ValueRef found)) return new ReadAnswer(false, 0, default, null);
            ulong? left = found.Expires ? keys.RemainingMilliseconds(Slot.Of(key.Span), found, Time) : null;
            return new ReadAnswer(true, found.Revision, found.Bytes.ToArray(), null, left);
        }
    }

    /// <summary>What the last request waited for.</summary>
    public (TimeSpan Wait, ReadTerms? Terms) LastWait { get; private set; }

    /// <summary>Completes when a write that waits has come.</summary>
    public Task WaitBegan => waitBegan.Task;

    /// <summary>Completes when the client of a write that waits has gone.</summary>
    public Task Gone => gone.Task;

    private readonly TaskCompletionSource waitBegan = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask<WriteAnswer> WriteAsync(byte[] command, TimeSpan wait, CancellationToken gone)
    {
        LastWait = (wait, null);
        gone.Register(() => this.gone.TrySetResult());
        waitBegan.TrySetResult();
        return WriteAsync(command);
    }

    public ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadTerms terms, CancellationToken gone)
    {
        LastWait = (terms.Wait, terms);
        return ReadAsync(key, terms.Level);
    }

    /// <summary>The store's time, in milliseconds: what is over at it is gone.</summary>
    public ulong Time
    {
        get;
        set
        {
            field = value;
            lock (gate) keys.Apply(keys.AppliedIndex + 1, Command.EncodeTime(value));
        }
    }

    /// <summary>Whether what clients wrote is what is looked at.</summary>
    public bool LooksAtKeys { get; set; }

    /// <summary>The state that is looked at, if the test has one.</summary>
    public KeyValueStore? Store { get; set; }

    public Task<Inspected<T>> InspectLatestAsync<T>(Func<KeyValueStore, T> look) => Task.FromResult(
        Refusal is { } refusal ? new Inspected<T>(default, refusal)
        : (Store ?? (LooksAtKeys ? keys : null)) is { } store ? new Inspected<T>(look(store), null)
        : new Inspected<T>(default, new Refusal(RefusalCode.NotServing, "a snapshot is loaded")));

    public FolderReport Folder { get; set; } = new(Node, "127.0.0.1:8001", false, new ShardId(5), null);

    public FolderReport Report() => Folder;

    public Task<FolderReport> AgreeAsync(FoundingConsent wanted) => Task.FromResult(Folder = Folder with { Consent = wanted });

    public Task<JoinAnswer> JoinAsync(JoinRequest request)
    {
        Joins.Add(request);
        return Task.FromResult(JoinAnswer);
    }

    /// <summary>What was asked about members: a removal, or a transfer.</summary>
    public List<(string What, NodeId Node)> Wishes { get; } = [];

    public MemberAnswer MemberAnswer { get; set; } = new(null, MemberRefusal.None, "");

    public Task<MemberAnswer> RemoveMemberAsync(NodeId node)
    {
        Wishes.Add(("remove", node));
        return Task.FromResult(MemberAnswer);
    }

    public Task<MemberAnswer> TransferLeadershipAsync(NodeId to)
    {
        Wishes.Add(("transfer", to));
        return Task.FromResult(MemberAnswer);
    }

    /// <summary>Stores something under each of many keys.</summary>
    public void Fill(IEnumerable<string> names)
    {
        lock (gate)
        {
            foreach (string name in names) keys.Apply(keys.AppliedIndex + 1, Command.EncodeSet(System.Text.Encoding.UTF8.GetBytes(name), "v"u8));
        }
    }

    /// <summary>What is stored under a key, given as bytes.</summary>
    public byte[]? Stored(ReadOnlySpan<byte> key)
    {
        lock (gate) return keys.TryGet(key, out ValueRef found) ? found.Bytes.ToArray() : null;
    }

    public void Dispose()
    {
        lock (gate) keys.Dispose();
    }
}
