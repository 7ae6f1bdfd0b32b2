using Gache.Cluster;
using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>Asks the leaders of other shards for pages and steps, over the cluster port.</summary>
/// <remarks>Sent and not answered is "unknown" for whatever changes something; only what surely did not arrive is not applied (P11).</remarks>
internal sealed class ManyCalls(ICalls calls, TimeSpan timeout)
{
    /// <summary>Asks for the next keys.</summary>
    public async Task<Inspected<ScanPage>> ScanAsync(ClusterPeer peer, ScanQuery query)
    {
        CallResult result = await AskAsync(peer, CallKind.ScanKeys, ManyWire.Encode(query)).ConfigureAwait(false);
        return result.Outcome == CallOutcome.Answered && ManyWire.ReadPage(result.Body) is { } page
            ? page
            : new Inspected<ScanPage>(null, NotAsked(peer, result));
    }

    /// <summary>Lets steps be carried out.</summary>
    /// <returns>One end a step.</returns>
    public async Task<StepEnd[]> RunAsync(ClusterPeer peer, IReadOnlyList<Step> steps)
    {
        CallResult result = await AskAsync(peer, CallKind.Steps, ManyWire.Encode(steps)).ConfigureAwait(false);
        if (result.Outcome == CallOutcome.Answered && ManyWire.ReadEnds(result.Body, steps.Count) is { } ends) return ends;

        bool mayHaveArrived = result.Outcome is CallOutcome.Unknown or CallOutcome.Answered;
        Refusal notAsked = NotAsked(peer, result);
        var unknown = new Refusal(RefusalCode.Timeout, $"the command was passed on to {peer.ApiAddress}, which did not answer ({result.Detail}); read the key to see, or write again");
        return [.. steps.Select(step => StepEnd.Refused(mayHaveArrived && !step.IsRead ? unknown : notAsked))];
    }

    private static Refusal NotAsked(ClusterPeer peer, CallResult result) => new(
        result.IsOverBound ? RefusalCode.Overloaded : RefusalCode.NotLeader, $"{peer.ApiAddress}, which leads the shard, could not be asked: {result.Detail}");

    private async Task<CallResult> AskAsync(ClusterPeer peer, CallKind kind, ReadOnlyMemory<byte> body)
    {
        var answer = new TaskCompletionSource<CallResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Call(peer.ClusterAddress, peer.Node, kind, body, timeout, result => answer.TrySetResult(result));
        return await answer.Task.ConfigureAwait(false);
    }
}
