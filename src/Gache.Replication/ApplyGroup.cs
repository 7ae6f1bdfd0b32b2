using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

/// <summary>Committed entries that are applied one after the other, once the store was told of all their keys.</summary>
/// <remarks>Few where they are large: after a start each may be in memory for this alone.</remarks>
internal sealed class ApplyGroup
{
    /// <summary>At so many bytes (<see cref="Entry.Weight"/>) it takes no further entry.</summary>
    public const int EnoughBytes = 1 << 20;

    private readonly Entry[] entries = new Entry[KeyValueStore.MaxExpected];
    private readonly ReadOnlyMemory<byte>[] keys = new ReadOnlyMemory<byte>[KeyValueStore.MaxExpected];
    private int count;
    private int bytes;

    /// <summary>Whether it takes no further entry.</summary>
    public bool IsFull => count == entries.Length || bytes >= EnoughBytes;

    /// <summary>The entries, in the order in which they came.</summary>
    public ReadOnlySpan<Entry> Entries => entries.AsSpan(0, count);

    /// <summary>The key of each; empty for what is not of one key.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Keys => keys.AsSpan(0, count);

    /// <summary>Takes an entry; only while it is not full.</summary>
    public void Add(in Entry entry)
    {
        entries[count] = entry;
        keys[count++] = entry.Kind == EntryKind.Command ? Command.KeyOf(entry.Payload) : default;
        bytes += entry.Weight;
    }

    /// <summary>Lets go of all of them, and of their bytes.</summary>
    public void Clear()
    {
        Array.Clear(entries, 0, count);
        Array.Clear(keys, 0, count);
        (count, bytes) = (0, 0);
    }
}
