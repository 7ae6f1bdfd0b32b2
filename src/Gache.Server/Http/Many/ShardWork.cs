using System.Diagnostics;
using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>Carries out pages and steps at the shard that this node leads.</summary>
internal static class ShardWork
{
    /// <summary>Reads the next keys, at a linearizable point.</summary>
    public static Task<Inspected<ScanPage>> ScanAsync(IShard shard, ScanQuery query) => shard.InspectLatestAsync(store => store.Scan(query));

    /// <summary>Carries out steps: those on one key in their order, all others beside each other.</summary>
    /// <returns>One end a step. Once values read fill the answer, or it took long, the rest is deferred: it was not carried out, and is asked for again.</returns>
    public static async Task<StepEnd[]> RunAsync(IShard shard, IReadOnlyList<Step> steps)
    {
        var ends = new StepEnd[steps.Count]; // deferred, each
        long bytes = 0;
        bool isFull = false;
        long began = Stopwatch.GetTimestamp();
        for (int from = 0; from < steps.Count && !isFull;)
        {
            int end = EndOfRound(steps, from);
            var writes = new Task<WriteAnswer>[end - from];
            var reads = new Task<ReadAnswer>[end - from];
            for (int i = from; i < end; i++)
            {
                if (steps[i].Command is { } command) writes[i - from] = shard.WriteAsync(command).AsTask();
                else reads[i - from] = shard.ReadAsync(steps[i].Key, ReadLevel.Linearizable).AsTask();
            }

            for (int i = from; i < end; i++)
            {
                if (!steps[i].IsRead)
                {
                    ends[i] = StepEnd.Of(await writes[i - from].ConfigureAwait(false));
                    continue;
                }

                using ReadAnswer read = await reads[i - from].ConfigureAwait(false);
                isFull |= bytes >= ManyLimits.ReadBytesOfGroup;
                if (isFull) continue;
                bytes += read.Value.Length;
                ends[i] = StepEnd.Of(read);
            }

            from = end;
            isFull |= Stopwatch.GetElapsedTime(began) >= ManyLimits.LongestGroup; // so that whoever asked does not give up waiting for what was done
        }

        // Whoever stepped the replica last runs this, and has other requests to answer: what is made of so many ends is not for its thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return ends;
    }

    /// <summary>How far steps go that need not wait for each other. Writes of one key are queued in their order; a read of it waits for them, and they for it.</summary>
    private static int EndOfRound(IReadOnlyList<Step> steps, int from)
    {
        if (steps[from].Key.IsEmpty) return from + 1;
        var seen = new Dictionary<ReadOnlyMemory<byte>, bool>(KeyBytes.Comparer);
        int reads = 0;
        int at = from;
        for (; at < steps.Count && !steps[at].Key.IsEmpty; at++)
        {
            Step step = steps[at];
            if (step.IsRead && ++reads > ManyLimits.ReadsAtOnce) break;
            if (seen.TryGetValue(step.Key, out bool wasRead) && wasRead != step.IsRead) break;
            seen[step.Key] = step.IsRead;
        }

        return at;
    }
}
