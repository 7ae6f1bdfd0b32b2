using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

/// <summary>Decides whether and with what a node's new shard is founded (design: Founding). Silence is never consent.</summary>
/// <param name="members">The cluster addresses that the operator named, the own one perhaps among them; empty: this node founds the cluster.</param>
/// <param name="ownAddress">The own advertised cluster address.</param>
/// <param name="slots">The slots that the shard is to own.</param>
/// <param name="calls">The way to others.</param>
/// <param name="stranger">Who of an existing cluster called here, or null.</param>
/// <param name="time">Time.</param>
/// <param name="random">Ids.</param>
/// <param name="logger">Where events are told.</param>
public sealed class ClusterFounding(
    IReadOnlyList<string> members, string ownAddress, SlotSet slots, ICalls calls, Func<Caller?> stranger, TimeProvider time, Random random, ILogger logger)
{
    private const int MaxLearnt = 16;
    private string told = "";

    /// <summary>What the node waits for, for <c>/readyz</c>; empty while it waits for nothing.</summary>
    public string Waiting { get; private set; } = "";

    /// <summary>Waits until the shard may be founded.</summary>
    /// <param name="shard">The shard to be.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The cluster, and the first command of the shard's log.</returns>
    /// <exception cref="FoundingRefusedException">Another shard holds the slots.</exception>
    public async Task<FoundingPermit> AwaitAsync(ShardId shard, CancellationToken cancel)
    {
        string[] others = [.. members.Where(address => address != ownAddress)];
        bool mayFound = members.Count == 0 || members[0] == ownAddress;
        if (mayFound) Tell("listening before a cluster is founded");
        if (mayFound) await Task.Delay(ClusterTimes.ListenBeforeFounding, time, cancel).ConfigureAwait(false);
        var learnt = new List<string>();
        while (true)
        {
            if (mayFound && stranger() is null && await AllAreEmptyAsync(others).ConfigureAwait(false) && stranger() is null)
            {
                Tell("");
                return Permit(ClusterId.New(random), isFounding: true);
            }

            if (members.Count == 0 && stranger() is { } met)
                Tell($"this address ({ownAddress}) belongs to cluster {met.Cluster}, whose node {met.Node} asks for it; start with --cluster-members and the address of one of its nodes to rejoin");
            if (await AskAsync(shard, others, learnt).ConfigureAwait(false) is { } granted) return granted;
            await Task.Delay(ClusterTimes.AskAgain, time, cancel).ConfigureAwait(false);
        }
    }

    private FoundingPermit Permit(ClusterId cluster, bool isFounding) =>
        new(cluster, new SlotsCommand(CommandKind.Found, default, isFounding, slots).Encode());

    private async Task<FoundingPermit?> AskAsync(ShardId shard, string[] others, List<string> learnt)
    {
        string words = "";
        foreach (string address in others.Concat(learnt).Distinct().ToArray())
        {
            CallResult result = await calls.CallAsync(address, default, CallKind.Grant, new GrantRequest(shard, slots).Encode(), ClusterTimes.Ask).ConfigureAwait(false);
            if (result.Outcome != CallOutcome.Answered || !GrantAnswer.TryParse(result.Body.Span, out GrantAnswer answer))
            {
                words += $"{address}: {(result.Detail.Length > 0 ? result.Detail : "nobody answers")}; ";
                continue;
            }

            if (answer.Verdict == GrantVerdict.Taken) throw new FoundingRefusedException($"--cluster-slot {slots}: {answer.Words}");
            if (answer.Verdict == GrantVerdict.Granted)
            {
                Tell("");
                return Permit(answer.Cluster, isFounding: false);
            }

            if (answer.AskAt.Length > 0 && learnt.Count < MaxLearnt && !learnt.Contains(answer.AskAt)) learnt.Add(answer.AskAt);
            words += $"{address}: {answer.Words}; ";
        }

        if (others.Length > 0) Tell($"waiting for the cluster to grant slots {slots}: {words}tried again until it works");
        return null;
    }

    private async Task<bool> AllAreEmptyAsync(string[] others)
    {
        string words = "";
        foreach (string address in others)
        {
            CallResult result = await calls.CallAsync(address, default, CallKind.FolderState, default, ClusterTimes.Ask).ConfigureAwait(false);
            if (result.Outcome != CallOutcome.Answered || !FolderAnswer.TryParse(result.Body.Span, out FolderAnswer answer)) words += $"{address}: nobody answers; ";
            else if (!answer.IsEmpty) words += $"{address}: its folder is not empty; ";
        }

        if (words.Length > 0) Tell($"not founding a cluster before all of --cluster-members have said that their folders are empty: {words}asked again");
        return words.Length == 0;
    }

    private void Tell(string words)
    {
        Waiting = words;
        if (words.Length > 0 && words != told) logger.WaitsToFound(words);
        told = words;
    }
}
