using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Replication;

/// <summary>Asks other nodes, over their API: to be taken up, and what their folders hold.</summary>
public interface IJoinClient
{
    /// <summary>Asks once.</summary>
    /// <returns>The answer; null if nobody answered, or not in gache's way.</returns>
    Task<JoinAnswer?> AskAsync(string apiAddress, JoinRequest request, CancellationToken cancel);

    /// <summary>Asks what a node's folder holds; changes nothing there.</summary>
    /// <returns>The answer, <see cref="FolderReport.Unclear"/> if it was no report; null if nobody answered.</returns>
    Task<FolderReport?> ReportAsync(string apiAddress, CancellationToken cancel);

    /// <summary>Asks a node to agree to a founding: it writes that down before it answers, if it may.</summary>
    /// <returns>The same as of <see cref="ReportAsync"/>; what it agreed to is in <see cref="FolderReport.Consent"/>.</returns>
    Task<FolderReport?> AskConsentAsync(string apiAddress, FoundingConsent wanted, CancellationToken cancel);

    /// <summary>The addresses that a name gives at this moment.</summary>
    /// <returns><paramref name="apiAddress"/> itself if it is an address, or a name with a single one; each as <c>host:port</c>; none if the name is not known.</returns>
    Task<IReadOnlyList<string>> ResolveAsync(string apiAddress, CancellationToken cancel);
}

/// <summary>What a node is started with. Everything that touches the world is handed in.</summary>
public sealed record ShardNodeOptions
{
    /// <summary>The data folder, as a full path.</summary>
    public required string Folder { get; init; }

    /// <summary>The advertised raft address, <c>host:port</c>; null for a node that nobody can join.</summary>
    public required string? RaftAddress { get; init; }

    /// <summary>The advertised API address, <c>host:port</c>.</summary>
    public required string ApiAddress { get; init; }

    /// <summary>API addresses of nodes of the shard to join, names among them; none to found one, or to go on as the folder says.</summary>
    /// <remarks>If there are several and the first is <see cref="ApiAddress"/>, this node founds when all others agree (<see cref="FoundingRule"/>).</remarks>
    public IReadOnlyList<string> JoinAddresses { get; init; } = [];

    /// <summary>Whether an empty folder stays empty: the node then belongs to no shard.</summary>
    public bool RoutesOnly { get; init; }

    /// <summary>Waits until a new shard may be founded, and says with what; null founds a cluster of one shard with all slots.</summary>
    public Func<ShardId, CancellationToken, Task<FoundingPermit>>? Founding { get; init; }

    /// <summary>What <see cref="Founding"/> waits for, in words; empty if for nothing.</summary>
    public Func<string>? FoundingWaits { get; init; }

    /// <summary>The slots that the operator expects the shard to have that is joined; null for any.</summary>
    public SlotSet? Slots { get; init; }

    /// <summary>Bounds and times of the replica.</summary>
    public ReplicaOptions Replica { get; init; } = new();

    /// <summary>Sizes of the log.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>Times of the core.</summary>
    public RaftOptions Raft { get; init; } = new();

    /// <summary>The disk.</summary>
    public IFileSystem Files { get; init; } = RealFileSystem.Instance;

    /// <summary>Time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Ids, nonces, election timeouts.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>Makes the way to the others; it listens when this returns. Throws if the address cannot be listened on.</summary>
    public required Func<PeerIdentity, ITransportEvents, ITransport> Transport { get; init; }

    /// <summary>Asks members over their API.</summary>
    public required IJoinClient JoinClient { get; init; }

    /// <summary>Where events are told.</summary>
    public required ILoggerFactory Loggers { get; init; }
}
