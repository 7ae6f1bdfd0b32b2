using System.Threading.Channels;
using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Gache.Consensus.Replicas;

/// <summary>Group commit over DotNext: what gathers while one batch is under way is the next.</summary>
internal sealed class ProposalBatches
{
    private readonly RaftCluster leader;
    private readonly WriteAheadLog log;
    private readonly Channel<(BinaryLogEntry Entry, TaskCompletionSource Answer)> waiting = Channel.CreateUnbounded<(BinaryLogEntry Entry, TaskCompletionSource Answer)>(new() { SingleReader = true });

    public ProposalBatches(RaftCluster leader, WriteAheadLog log)
    {
        (this.leader, this.log) = (leader, log);
        _ = RunAsync();
    }

    public Task ProposeAsync(BinaryLogEntry entry)
    {
        var answer = new TaskCompletionSource();
        waiting.Writer.TryWrite((entry, answer));
        return answer.Task;
    }

    private async Task RunAsync()
    {
        var entries = new List<BinaryLogEntry>();
        var answers = new List<TaskCompletionSource>();
        while (await waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            entries.Clear();
            answers.Clear();
            while (waiting.Reader.TryRead(out (BinaryLogEntry Entry, TaskCompletionSource Answer) each))
            {
                entries.Add(each.Entry);
                answers.Add(each.Answer);
            }

            try
            {
                BinaryLogEntry last = entries[^1];
                entries.RemoveAt(entries.Count - 1);
                if (entries.Count > 0) await log.AppendAsync(new LogEntryProducer<BinaryLogEntry>(entries), log.LastEntryIndex + 1).ConfigureAwait(false);
                await leader.ReplicateAsync(last, CancellationToken.None).ConfigureAwait(false); // applied with all before it
                foreach (TaskCompletionSource answer in answers) answer.SetResult();
            }
            catch (Exception failure)
            {
                foreach (TaskCompletionSource answer in answers) answer.TrySetException(failure);
            }
        }
    }
}
