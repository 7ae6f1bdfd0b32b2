using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Gache.Consensus.Replicas;

/// <summary>DotNext's log, with entries of a leader synced before a follower answers for them.</summary>
/// <remarks>By itself it begins that sync when it has appended, and waits only for that of entries which the leader says are committed.</remarks>
internal sealed class SyncedLog(WriteAheadLog.Options options, IStateMachine state) : WriteAheadLog(options, state), IPersistentState, IAuditTrail<IRaftLogEntry>
{
    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(ILogEntryProducer<TEntry> entries, long startIndex, bool skipCommitted, CancellationToken token)
    {
        await AppendAsync(entries, startIndex, skipCommitted, token).ConfigureAwait(false);
        await FlushAsync(token).ConfigureAwait(false);
    }
}
