using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Replication;

/// <summary>One node of one shard, from its folder to its end: founds, joins, or goes on; and begins anew when its data was lost.</summary>
public sealed class ShardNode : ITransportEvents, IAsyncDisposable
{
    private static readonly TimeSpan ListenBeforeFounding = TimeSpan.FromMilliseconds(1500);

    private readonly ShardNodeOptions options;
    private readonly ILogger logger;
    private readonly DataFolder folder;
    private readonly ITransport transport;
    private readonly ulong nonce;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource<NodeEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object gate = new();
    private volatile RunningMember? member;
    private volatile string? foreign; // why this node may found nothing
    private volatile string waiting = "starting";
    private PeerIdentity identity;
    private Task life = Task.CompletedTask;

    /// <summary>Opens the folder and listens; <see cref="Start"/> does the rest.</summary>
    /// <exception cref="FileFailedException">The folder cannot be used.</exception>
    /// <exception cref="MemberRemovedException">An operator removed its member.</exception>
    public ShardNode(ShardNodeOptions options)
    {
        this.options = options;
        logger = options.Loggers.CreateLogger("gache.replica");
        folder = new DataFolder(options.Files, options.Folder);
        if (folder.ReadIdentity() is { } who && folder.IsRemoved(who.Node)) throw new MemberRemovedException(RemovedMember.Words(who.Node, who.Shard));
        nonce = (ulong)options.Random.NextInt64(1, long.MaxValue);
        identity = WhoAmI();
        transport = options.Transport(identity, this);
    }

    /// <summary>Completes when the node must end by itself.</summary>
    public Task<NodeEnd> Ended => ended.Task;

    /// <summary>The data folder.</summary>
    public DataFolder Folder => folder;

    /// <summary>The replica, once the node belongs to a shard.</summary>
    public Replica? Replica => member?.Replica;

    /// <summary>What the log's writer counted; null before the node belongs to a shard.</summary>
    public LogWriterCounters? LogCounters => member?.LogCounters;

    /// <summary>A picture of the node, also before it belongs to a shard.</summary>
    public ReplicaStatus Status => Replica?.Status ?? StatusOutside();

    /// <summary>Begins to found, join or go on.</summary>
    /// <exception cref="LogDamagedException">The data is damaged; and the other exceptions of <see cref="ReplicaStart.Open"/>.</exception>
    public void Start()
    {
        if (folder.ReadIdentity() is { } who)
        {
            Begin(who);
            life = AnnounceAsync(who);
        }
        else if (folder.ReadJoining() is { } joining) life = JoinAsync(joining with { ApiAddresses = Addresses(joining.ApiAddresses) });
        else if (options.JoinAddress is { } address) life = JoinAsync(NewJoining([address]));
        else if (options.RoutesOnly) waiting = "it only sends requests on (no --cluster-slot, no --raft-join)";
        else life = FoundAsync();
    }

    /// <summary>Writes; see <see cref="Replica.WriteAsync"/>.</summary>
    public ValueTask<WriteAnswer> WriteAsync(byte[] command) => Replica is { } replica ? replica.WriteAsync(command) : new(new WriteAnswer(Outside()));

    /// <summary>Reads; see <see cref="Replica.ReadAsync"/>.</summary>
    public ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadLevel level) =>
        Replica is { } replica ? replica.ReadAsync(key, level) : new(new ReadAnswer(Outside()));

    /// <summary>Looks at the latest state; see <see cref="Replica.InspectLatestAsync"/>.</summary>
    public Task<Inspected<T>> InspectLatestAsync<T>(Func<KeyValueStore, T> look) =>
        Replica is { } replica ? replica.InspectLatestAsync(look) : Task.FromResult(new Inspected<T>(default, Outside()));

    /// <summary>Takes up a member; see <see cref="Replica.JoinAsync"/>.</summary>
    public Task<JoinAnswer> JoinAsync(JoinRequest request) =>
        Replica is { } replica ? replica.JoinAsync(request) : Task.FromResult(new JoinAnswer(Outside(), JoinRefusal.None, Outside().Detail));

    /// <summary>Removes a member for good; see <see cref="Replica.RemoveMemberAsync"/>.</summary>
    public Task<MemberAnswer> RemoveMemberAsync(NodeId node) => Replica is { } replica ? replica.RemoveMemberAsync(node) : Task.FromResult(MemberAnswer.Not(Outside()));

    /// <summary>Hands leadership over; see <see cref="Replica.TransferLeadershipAsync"/>.</summary>
    public Task<MemberAnswer> TransferLeadershipAsync(NodeId to) => Replica is { } replica ? replica.TransferLeadershipAsync(to) : Task.FromResult(MemberAnswer.Not(Outside()));

    /// <summary>Hands leadership over at once and keeps answering, until <see cref="StopAsync"/>; see <see cref="Replica.HandOverAsync"/>.</summary>
    public async Task HandOverAsync(TimeSpan within)
    {
        if (Replica is { } replica && !ended.Task.IsCompleted)
            await replica.HandOverAsync((int)(within / ReplicaOptions.Tick)).WaitAsync(within).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Takes no new requests, lets those under way commit, hands leadership over, and closes the log.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        if (member is { } running && !ended.Task.IsCompleted) await running.StopAsync(within).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await life.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        transport.Dispose();
        member?.Dispose();
        stopping.Dispose();
    }

    /// <inheritdoc/>
    public void MessageArrived(PeerMessage message, NodeId from, ulong senderNonce) => Replica?.MessageArrived(message, from, senderNonce);

    /// <inheritdoc/>
    public void PeerConnected(NodeId peer) => Replica?.PeerConnected(peer);

    /// <inheritdoc/>
    public void PeerDisconnected(NodeId peer) => Replica?.PeerDisconnected(peer);

    /// <inheritdoc/>
    public string? Judge(PeerIdentity dialler, NodeId expectedReceiver)
    {
        if (!dialler.Shard.IsNone && dialler.Shard != identity.Shard) NoticeForeign(dialler);
        if (Replica is { } replica) return replica.Judge(dialler, expectedReceiver);
        return foreign ?? $"node {identity.Node} at {identity.RaftAddress} belongs to no shard yet; node {expectedReceiver} is not here";
    }

    /// <summary>
    /// A member of an existing shard looks for one of its own at this address. A node that is about to found a shard, or is still the lone voter
    /// of the one it founded, must not serve: whoever typed its command meant the shard that was there (design: Identity).
    /// </summary>
    private void NoticeForeign(PeerIdentity dialler)
    {
        string words = $"this address ({identity.RaftAddress}) belongs to shard {dialler.Shard}, whose member {dialler.Node} at {dialler.RaftAddress} asks for it; "
            + $"start with --raft-join {dialler.ApiAddress} to rejoin (and an empty data folder)";
        if (Replica is { } replica)
        {
            if (!replica.IsLoneVoter || !replica.Status.MayServe) return;
            replica.StopServing(words);
        }
        else
        {
            if (foreign is not null || options.JoinAddress is not null) return;
            foreign = words;
        }

        logger.AddressBelongsToAnotherShard(words);
    }

    private PeerIdentity WhoAmI()
    {
        string raft = options.RaftAddress ?? "";
        if (folder.ReadIdentity() is { } who) return new PeerIdentity(who.Node, who.Shard, who.Cluster, nonce, raft, options.ApiAddress);
        NodeId node = folder.ReadJoining()?.Node ?? NodeId.New(options.Random);
        return new PeerIdentity(node, default, default, nonce, raft, options.ApiAddress);
    }

    private async Task FoundAsync()
    {
        waiting = "listening before a shard is founded";
        try
        {
            // Both are waited for at the same time: whether this address is an existing shard's, and what the cluster says.
            ShardId shard = folder.ReadFounding() ?? ShardId.New(options.Random);
            Task<FoundingPermit> asked = PermitAsync(shard);
            if (options.RaftAddress is not null) await Task.Delay(ListenBeforeFounding, options.Time, stopping.Token).ConfigureAwait(false);
            if (foreign is not null) return; // stays, and says why
            FoundingPermit permit = await asked.ConfigureAwait(false);
            if (foreign is not null) return;
            var who = new FolderIdentity(identity.Node, shard, permit.Cluster);
            var self = new Raft.Member(who.Node, identity.RaftAddress, identity.ApiAddress);
            ReplicaStart.Found(options.Files, folder, who, new Configuration([self], [self.Id]), permit.FirstCommand, options.Log, options.Random);
            folder.WriteIdentity(who);
            Begin(who);
            logger.Founded(who.Shard, who.Cluster, who.Node);
        }
        catch (OperationCanceledException)
        {
            // stopped before there was anything
        }
        catch (Exception failure)
        {
            End(Describe(failure));
        }
    }

    /// <summary>Asks the cluster, where there is one. The shard's id is durable before: it is granted its slots once, whatever happens to this process.</summary>
    private Task<FoundingPermit> PermitAsync(ShardId shard)
    {
        if (options.Founding is not { } cluster) return Task.FromResult(new FoundingPermit(ClusterId.New(options.Random), null));
        folder.WriteFounding(shard);
        waiting = "waiting for the cluster";
        return cluster(shard, stopping.Token);
    }

    private async Task JoinAsync(FolderJoining joining)
    {
        try
        {
            folder.WriteJoining(joining); // before anybody is asked (P8)
            identity = identity with { Node = joining.Node, Shard = default, Cluster = default };
            transport.SetIdentity(identity);
            var request = new JoinRequest(identity.RaftAddress, identity.Node, identity.ApiAddress, default, default) { Slots = options.Slots };
            JoinAnswer answer = await AskUntilTakenAsync(joining.ApiAddresses, request).ConfigureAwait(false);
            var who = new FolderIdentity(joining.Node, answer.Shard, answer.Cluster);
            ReplicaStart.CreateLog(options.Files, folder, who, options.Log);
            folder.WriteIdentity(who);
            Begin(who);
            logger.Joined(who.Shard, who.Cluster, who.Node);
        }
        catch (OperationCanceledException)
        {
            // stopped; the folder says "joining", so the next start goes on with it
        }
        catch (Exception failure)
        {
            End(Describe(failure));
        }
    }

    private async Task<JoinAnswer> AskUntilTakenAsync(IReadOnlyList<string> addresses, JoinRequest request)
    {
        string told = "";
        while (true)
        {
            string words = "";
            foreach (string address in addresses)
            {
                JoinAnswer? answer = await options.JoinClient.AskAsync(address, request, stopping.Token).ConfigureAwait(false);
                if (answer is { Refusal: null, Verdict: JoinRefusal.None }) return answer;
                if (answer is { Verdict: JoinRefusal.WrongShard })
                    throw new ForeignFolderException($"{options.Folder} cannot be used to join at {address}: {answer.Detail}");
                words += $"{address}: {answer?.Detail ?? "nobody answers"}; ";
            }

            waiting = $"joining; {words}tried again until it works";
            if (words != told) logger.StillJoining(waiting);
            told = words;
            await Task.Delay(TimeSpan.FromMilliseconds(250), options.Time, stopping.Token).ConfigureAwait(false);
        }
    }

    /// <summary>A member that comes back tells where it is now: to the address it was given, and to all members it knows.</summary>
    private async Task AnnounceAsync(FolderIdentity who)
    {
        try
        {
            var request = new JoinRequest(identity.RaftAddress, who.Node, identity.ApiAddress, who.Cluster, who.Shard);
            bool isHinted = options.JoinAddress is not null;
            while (!stopping.IsCancellationRequested && Replica is { } replica && identity.Node == who.Node)
            {
                ReplicaStatus status = replica.Status;
                MemberStatus? self = status.Members.FirstOrDefault(m => m.Node == who.Node);
                bool isKnown = self is not null && self.RaftAddress == identity.RaftAddress && self.ApiAddress == identity.ApiAddress;
                if (isKnown && !isHinted) return;
                IEnumerable<string> others = isKnown ? [] : status.Members.Where(m => m.Node != who.Node).Select(m => m.ApiAddress);
                foreach (string address in Addresses(others))
                {
                    JoinAnswer? answer = await options.JoinClient.AskAsync(address, request, stopping.Token).ConfigureAwait(false);
                    if (answer is { Verdict: JoinRefusal.WrongShard })
                        throw new ForeignFolderException($"{options.Folder} belongs to shard {who.Shard}, and {address} says: {answer.Detail}");
                    if (answer is { Refusal: null, Verdict: JoinRefusal.None }) isHinted = false;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(500), options.Time, stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // stopped
        }
        catch (Exception failure)
        {
            End(Describe(failure));
        }
    }

    private void Begin(FolderIdentity who)
    {
        lock (gate)
        {
            identity = identity with { Node = who.Node, Shard = who.Shard, Cluster = who.Cluster };
            var running = new RunningMember(options, folder, who, identity, transport, how => _ = Task.Run(() => OnEndAsync(how)), logger);
            member = running;
            transport.SetIdentity(identity);
            running.Start(options.Time);
        }
    }

    private async Task OnEndAsync(NodeEnd how)
    {
        if (how.Reason == NodeEndReason.Removed) how = RememberRemoved(how);
        if (how.Reason != NodeEndReason.Rejoin)
        {
            End(how);
            return;
        }

        logger.BeginsAnew(how.Detail, options.Folder);
        RunningMember? old = member;
        member = null;
        try
        {
            FolderJoining joining = NewJoining(Addresses(how.ApiAddresses));
            folder.BeginAnew(joining);
            old?.Dispose();
            transport.SetPeers([]);
            life = JoinAsync(joining);
            await life.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            End(Describe(failure));
        }
    }

    private NodeEnd RememberRemoved(NodeEnd how)
    {
        try
        {
            folder.WriteRemoved(identity.Node);
            return how;
        }
        catch (Exception failure)
        {
            return Describe(failure); // the next start is told again
        }
    }

    private FolderJoining NewJoining(IReadOnlyList<string> addresses) =>
        new(member is null && identity.Shard.IsNone ? identity.Node : NodeId.New(options.Random), addresses);

    private List<string> Addresses(IEnumerable<string> known)
    {
        List<string> all = [.. known];
        if (options.JoinAddress is { } hint && !all.Contains(hint)) all.Insert(0, hint);
        return all;
    }

    private void End(NodeEnd how) => ended.TrySetResult(how);

    private Refusal Outside() => new(RefusalCode.NotServing, foreign ?? $"this node belongs to no shard yet: {waiting}", RetryAfter: TimeSpan.FromSeconds(1));

    private static NodeEnd Describe(Exception failure) => failure switch
    {
        LogDamagedException or LogFormatException => new NodeEnd(NodeEndReason.Damaged, failure.Message),
        FoundingRefusedException => new NodeEnd(NodeEndReason.Misconfigured, failure.Message),
        LogForeignException or ForeignFolderException => new NodeEnd(NodeEndReason.FolderNotUsable, failure.Message),
        FileFailedException or LogFailedException => new NodeEnd(NodeEndReason.DiskFailed, failure.Message),
        _ => new NodeEnd(NodeEndReason.Broken, $"{failure.GetType().Name}: {failure.Message}"),
    };

    private ReplicaStatus StatusOutside() => ReplicaStatus.Outside(identity.Node, Outside().Detail, options.Replica.MaxStoreBytes);
}
