using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication.Transport;
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
    private readonly ListedNodes listed;
    private readonly ulong nonce;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource<NodeEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object gate = new();
    private volatile RunningMember? member;
    private volatile string? foreign; // why this node may found nothing
    private volatile string waiting = "starting";
    private long waitingSince; // when it began to look for a shard; 0 before
    private bool saidThatItLasts;
    private volatile bool hasHeardOfShard;
    private readonly Lock founding = new(); // agreeing and founding exclude each other
    private volatile FoundingConsent? consent; // to another's founding
    private volatile string? objection = "it has only just started"; // why this node agrees to nothing at the moment
    private volatile Announcement? announcement;
    private volatile PeerIdentity? met; // a member of a shard that looked for one of its own at this address while this node was in none
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
        listed = new ListedNodes(options.JoinClient);
        if (folder.ReadIdentity() is { } who && folder.IsRemoved(who.Node)) throw new MemberRemovedException(RemovedMember.Words(who.Node, who.Shard));
        nonce = (ulong)options.Random.NextInt64(1, long.MaxValue);
        hasHeardOfShard = !folder.IsEmpty;
        consent = folder.ReadConsent();
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

    /// <summary>What the raft port has counted; null for a node without one.</summary>
    public TransportCounters? TransportCounters => (transport as TcpTransport)?.Counters;

    /// <summary>A picture of the node, also before it belongs to a shard.</summary>
    public ReplicaStatus Status
    {
        get
        {
            if (Replica is not { } replica) return StatusOutside();
            ReplicaStatus status = replica.Status;
            return announcement?.Words is { } words ? status with { Alarms = [.. status.Alarms, words] } : status;
        }
    }

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
        else if (options.JoinAddresses.Count > 0) life = JoinAsync(NewJoining(options.JoinAddresses));
        else if (options.RoutesOnly) waiting = "it only sends requests on (no --cluster-slot, no --raft-join)";
        else life = FoundAsync();
    }

    /// <summary>What this node says of its folder to one that may found a shard; cheap.</summary>
    public FolderReport Report()
    {
        PeerIdentity now = identity;
        string? heard = HeardWords();
        string? first = options.JoinAddresses is [string one, ..] ? one : null;
        return new FolderReport(now.Node, options.ApiAddress, heard is null, now.Shard, first)
        {
            Objection = now.Shard.IsNone ? heard ?? objection : null, Consent = consent,
        };
    }

    /// <summary>Agrees that another node founds a shard if this one never heard of any and agreed to no other; durable before it returns.</summary>
    /// <returns>What this node says of its folder, with what it agreed to. Blocks while that is written.</returns>
    public FolderReport Agree(FoundingConsent wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        try
        {
            lock (founding)
            {
                // A first agrees to nobody with its own address.
                FolderReport now = Report();
                if (now is not { IsEmpty: true, Objection: null, Consent: null, First: { } first }) return now;
                if (!FoundingRule.Same(first, wanted.ApiAddress) || FoundingRule.Same(first, options.ApiAddress)) return now;
                folder.WriteConsent(wanted);
                consent = wanted;
            }

            logger.Agreed(wanted.Founder, wanted.ApiAddress, wanted.Shard);
            return Report();
        }
        catch (Exception failure)
        {
            End(Describe(failure));
            return FolderReport.Unclear;
        }
    }

    /// <summary>Whether a write would be refused now because too much waits here; see <see cref="Replica.IsFull"/>.</summary>
    public bool IsFull => Replica is { IsFull: true };

    /// <summary>Writes; see <see cref="Replica.WriteAsync(byte[])"/>.</summary>
    public ValueTask<WriteAnswer> WriteAsync(byte[] command) => Replica is { } replica ? replica.WriteAsync(command) : new(new WriteAnswer(Outside()));

    /// <summary>Reads; see <see cref="Replica.ReadAsync(ReadOnlyMemory{byte}, ReadLevel)"/>.</summary>
    public ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadLevel level) =>
        Replica is { } replica ? replica.ReadAsync(key, level) : new(new ReadAnswer(Outside()));

    /// <summary>Writes once its condition holds; see <see cref="Replica.WriteAsync(byte[], TimeSpan, CancellationToken)"/>.</summary>
    public ValueTask<WriteAnswer> WriteAsync(byte[] command, TimeSpan wait, CancellationToken gone) =>
        Replica is { } replica ? replica.WriteAsync(command, wait, gone) : new(new WriteAnswer(Outside()));

    /// <summary>Reads once there is what it waits for; see <see cref="Replica.ReadAsync(ReadOnlyMemory{byte}, ReadTerms, CancellationToken)"/>.</summary>
    public ValueTask<ReadAnswer> ReadAsync(ReadOnlyMemory<byte> key, ReadTerms terms, CancellationToken gone) =>
        Replica is { } replica ? replica.ReadAsync(key, terms, gone) : new(new ReadAnswer(Outside()));

    /// <summary>Looks at the latest state; see <see cref="Replica.InspectLatestAsync"/>.</summary>
    public Task<Inspected<T>> InspectLatestAsync<T>(Func<KeyValueStore, T> look) =>
        Replica is { } replica ? replica.InspectLatestAsync(look) : Task.FromResult(new Inspected<T>(default, Outside()));

    /// <summary>Takes up a member; see <see cref="Replica.JoinAsync"/>.</summary>
    public Task<JoinAnswer> JoinAsync(JoinRequest request) =>
        Replica is { } replica ? replica.JoinAsync(request) : Task.FromResult(new JoinAnswer(NotYet(), JoinRefusal.None, NotYet().Detail));

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
        if (foreign is not null) return foreign;
        return identity.Shard.IsNone
            ? $"node {identity.Node} at {identity.RaftAddress} belongs to no shard yet; node {expectedReceiver} is not here"
            : $"node {identity.Node} at {identity.RaftAddress} is still starting";
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
            met ??= dialler;
            if (foreign is not null || options.JoinAddresses.Count > 0) return; // a node with a list founds nothing from here on, and joins there, too
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
            Found(shard, permit);
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

    private void Found(ShardId shard, FoundingPermit permit)
    {
        hasHeardOfShard = true;
        var who = new FolderIdentity(identity.Node, shard, permit.Cluster);
        var self = new Raft.Member(who.Node, identity.RaftAddress, identity.ApiAddress);
        ReplicaStart.Found(options.Files, folder, who, new Configuration([self], [self.Id]), permit.FirstCommand, options.Log, options.Random);
        folder.WriteIdentity(who);
        Begin(who);
        logger.Founded(who.Shard, who.Cluster, who.Node);
    }

    /// <summary>Asks the cluster, where there is one. The shard's id is durable before: it is granted its slots once, whatever happens to this process.</summary>
    private Task<FoundingPermit> PermitAsync(ShardId shard)
    {
        if (options.Founding is not { } cluster) return Task.FromResult(new FoundingPermit(ClusterId.New(options.Random), null));
        folder.WriteFounding(shard);
        waiting = "waiting for the cluster";
        return cluster(shard, stopping.Token);
    }

    /// <summary>Joins a shard; or founds one, if this node is the first of its list and all others agree.</summary>
    private async Task JoinAsync(FolderJoining joining)
    {
        try
        {
            // A log of a shard that was founded or joined up to its last word and not beyond: nobody was answered from it, and another shard may come.
            if (!hasHeardOfShard && folder.HasLog(joining.Node)) joining = joining with { Node = NodeId.New(options.Random) };
            folder.WriteJoining(joining); // before anybody is asked (P8)
            identity = identity with { Node = joining.Node, Shard = default, Cluster = default };
            transport.SetIdentity(identity);
            var request = new JoinRequest(identity.RaftAddress, identity.Node, identity.ApiAddress, default, default) { Slots = options.Slots };
            JoinAnswer? answer = await TakenUpOrAgreedAsync(joining.ApiAddresses, request).ConfigureAwait(false);
            if (answer is null) return;
            hasHeardOfShard = true;
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

    /// <summary>Asks until a shard takes this node up.</summary>
    /// <returns>The answer; null if this node founded a shard.</returns>
    private async Task<JoinAnswer?> TakenUpOrAgreedAsync(IReadOnlyList<string> known, JoinRequest request)
    {
        long began = options.Time.GetTimestamp();
        ShardId shard = folder.ReadFounding() ?? ShardId.New(options.Random);
        var rule = new FoundingRule(identity.ApiAddress, identity.Node, shard);
        FoundingPermit? permit = null;
        while (true)
        {
            // Those who dial this address have had their time, and everybody is asked after that.
            bool hasListened = options.Time.GetElapsedTime(began) >= ListenBeforeFounding;
            IReadOnlyList<ListedEntry> heard = await listed.AskAsync(options.JoinAddresses, stopping.Token).ConfigureAwait(false);
            IReadOnlyList<ListedEntry> others = await listed.AskAsync(OtherAddresses(known), stopping.Token).ConfigureAwait(false);
            FoundingDecision decision = rule.Decide(heard, others, Veto());
            objection = !hasListened ? "it listens first for members of a shard that look for one of their own at its address"
                : decision.At is [string full, ..] ? $"it hears {full}, whose folder is not" : null;
            if (decision.Step != FoundingStep.Found) permit = null; // what the cluster said is old by the time when all agree again; it grants the same shard once
            if (decision.Step == FoundingStep.Found && hasListened && permit is not null)
            {
                if (folder.ReadFounding() != shard) folder.WriteFounding(shard); // before anybody agrees to it: a crash from here on changes nothing
                var wanted = new FoundingConsent(shard, identity.Node, identity.ApiAddress);
                heard = await listed.AskConsentAsync(options.JoinAddresses, wanted, stopping.Token).ConfigureAwait(false);
                decision = rule.Decide(heard, others, Veto(), isConsentAsked: true);
                if (decision.Step == FoundingStep.Found && TryFound(shard, permit)) return null;
            }

            string words = decision.Words;
            foreach (string address in decision.At)
            {
                JoinAnswer? answer = await options.JoinClient.AskAsync(address, request, stopping.Token).ConfigureAwait(false);
                if (answer is { Refusal: null, Verdict: JoinRefusal.None }) return answer;
                if (answer is { Verdict: JoinRefusal.WrongShard })
                    throw new ForeignFolderException($"{options.Folder} cannot be used to join at {address}: {answer.Detail}");
                words += $"asked {address} to be taken up: {answer?.Detail ?? "nobody answers"}; ";
            }

            TellWaiting(decision.Step == FoundingStep.Found ? "all others' folders are empty: listening before a shard is founded" : $"{words}tried again until it works");
            if (decision.Step == FoundingStep.Found && hasListened && permit is null) permit = await PermitAsync(shard).ConfigureAwait(false); // that may take long: all are asked once more
            else await Task.Delay(TimeSpan.FromMilliseconds(250), options.Time, stopping.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Founds, unless something was heard at the last moment.</summary>
    private bool TryFound(ShardId shard, FoundingPermit permit)
    {
        lock (founding)
        {
            if (Veto() is not null) return false;
            hasHeardOfShard = true; // from here on this node agrees to nothing
        }

        Found(shard, permit);
        return true;
    }

    /// <summary>Why this node must found nothing, whatever the others say of their folders.</summary>
    private string? Veto() =>
        HeardWords() ?? (consent is { } given ? $"this node agreed that node {given.Founder} at {given.ApiAddress} founds shard {given.Shard}" : null);

    /// <summary>How this node heard of a shard at first hand; null if it did not.</summary>
    private string? HeardWords() =>
        hasHeardOfShard ? "this node was of a shard before"
        : met is { } member ? $"member {member.Node} of shard {member.Shard} looks for a member at this address ({identity.RaftAddress})"
        : null;

    /// <summary>Where else a shard may be: what an earlier start was told, and who dialled.</summary>
    private IEnumerable<string> OtherAddresses(IReadOnlyList<string> known) =>
        known.Concat(met is { ApiAddress.Length: > 0 } member ? [member.ApiAddress] : []).Except(options.JoinAddresses);

    private void TellWaiting(string words)
    {
        // A node that starts does not know the others yet: that is worth a warning only when it lasts.
        if (waitingSince == 0) waitingSince = Math.Max(1, options.Time.GetTimestamp());
        bool lasts = options.Time.GetElapsedTime(waitingSince) >= OncePerReason.Lasting;
        if (words != waiting || lasts != saidThatItLasts) logger.StillJoining(lasts ? LogLevel.Warning : LogLevel.Information, words);
        (waiting, saidThatItLasts) = (words, lasts);
    }

    private async Task AnnounceAsync(FolderIdentity who)
    {
        try
        {
            var request = new JoinRequest(identity.RaftAddress, who.Node, identity.ApiAddress, who.Cluster, who.Shard);
            var telling = new Announcement(options, listed, who, request, logger);
            announcement = telling;
            while (!stopping.IsCancellationRequested && Replica is { } replica && identity.Node == who.Node)
            {
                if (await telling.TellAllAsync(replica.Status, stopping.Token).ConfigureAwait(false)) return;
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
        finally
        {
            announcement = null; // told, or this node is another member by now
        }
    }

    private void Begin(FolderIdentity who)
    {
        hasHeardOfShard = true;
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

    private List<string> Addresses(IEnumerable<string> known) => [.. options.JoinAddresses.Union(known)];

    private void End(NodeEnd how) => ended.TrySetResult(how);

    private Refusal Outside() => new(RefusalCode.NotServing, foreign ?? $"this node belongs to no shard yet: {(options.FoundingWaits?.Invoke() is { Length: > 0 } words ? words : waiting)}", RetryAfter: TimeSpan.FromSeconds(1));

    /// <summary>To a joiner: without what this node waits for, as two that ask each other would say more and more.</summary>
    private Refusal NotYet() => new(RefusalCode.NotServing, foreign ?? $"the node at {identity.ApiAddress} belongs to no shard yet", RetryAfter: TimeSpan.FromSeconds(1));

    private static NodeEnd Describe(Exception failure) => failure switch
    {
        LogDamagedException or LogFormatException => new NodeEnd(NodeEndReason.Damaged, failure.Message),
        FoundingRefusedException or NodeMisconfiguredException => new NodeEnd(NodeEndReason.Misconfigured, failure.Message),
        LogForeignException or ForeignFolderException => new NodeEnd(NodeEndReason.FolderNotUsable, failure.Message),
        FileFailedException or LogFailedException => new NodeEnd(NodeEndReason.DiskFailed, failure.Message),
        _ => new NodeEnd(NodeEndReason.Broken, $"{failure.GetType().Name}: {failure.Message}"),
    };

    private ReplicaStatus StatusOutside() => ReplicaStatus.Outside(identity.Node, Outside().Detail, options.Replica.MaxStoreBytes);
}
