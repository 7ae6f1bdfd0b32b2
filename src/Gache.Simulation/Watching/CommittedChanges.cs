using System.Text;
using Gache.Primitives;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>One change of a key as replicas applied it.</summary>
/// <param name="Slot">The key's slot.</param>
/// <param name="Epoch">At which epoch its shard served it.</param>
/// <param name="Revision">The revision, of that shard.</param>
/// <param name="Key">The key.</param>
/// <param name="Kind">What became of it.</param>
/// <param name="Value">The value, as hexadecimal digits.</param>
internal sealed record CommittedChange(int Slot, ulong Epoch, ulong Revision, string Key, KeyChangeKind Kind, string Value);

/// <summary>All changes of all shards, told by every replica that applies them: what watches must tell.</summary>
internal sealed class CommittedChanges(World world)
{
    private readonly Dictionary<(ShardId Shard, ulong Revision), CommittedChange> all = [];

    /// <summary>The changes in the order in which a watcher of any key must meet them: epoch by epoch, and by revision in each.</summary>
    public IEnumerable<CommittedChange> InOrder => all.Values.OrderBy(change => change.Epoch).ThenBy(change => change.Revision);

    /// <summary>Listens to a replica.</summary>
    public IChangeObserver ObserverOf(ShardId shard, KeyValueStore store) => new Observer(this, shard, store);

    private void See(ShardId shard, CommittedChange change)
    {
        if (all.TryAdd((shard, change.Revision), change) || all[(shard, change.Revision)] == change) return;
        world.Fail(new("two changes of one revision", $"{change} and {all[(shard, change.Revision)]} of shard {shard}"));
    }

    private sealed class Observer(CommittedChanges owner, ShardId shard, KeyValueStore store) : IChangeObserver
    {
        public void KeyChanged(in KeyChange change) => owner.See(shard, new CommittedChange(
            change.Slot, store.SlotAt(change.Slot).Epoch, change.Revision, Encoding.UTF8.GetString(change.Key), change.Kind, Convert.ToHexString(change.Value)));
    }
}
