using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Gache.Consensus.Replicas;

/// <summary>The least that a store can be: a dictionary of values, changed in place. It takes no snapshots.</summary>
internal sealed class DictionaryStateMachine : IStateMachine
{
    private readonly Dictionary<ulong, byte[]> values = [];
    private readonly Lock gate = new(); // for those who look at it

    public ISnapshot? Snapshot => null;

    public ValueTask<long> ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (!entry.IsConfiguration && entry.TryGetPayload(out ReadOnlySequence<byte> payload) && payload.Length == Caller.KeyBytes + Caller.ValueBytes)
        {
            Span<byte> key = stackalloc byte[Caller.KeyBytes];
            payload.Slice(0, key.Length).CopyTo(key);
            lock (gate)
            {
                ref byte[]? value = ref CollectionsMarshal.GetValueRefOrAddDefault(values, BinaryPrimitives.ReadUInt64LittleEndian(key), out _);
                payload.Slice(key.Length).CopyTo(value ??= new byte[Caller.ValueBytes]);
            }
        }

        return new ValueTask<long>(entry.Index);
    }

    public ValueTask ReclaimGarbageAsync(long watermark, CancellationToken token) => ValueTask.CompletedTask;

    public bool Holds(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        lock (gate) return values.TryGetValue(BinaryPrimitives.ReadUInt64LittleEndian(key), out byte[]? held) && value.SequenceEqual(held);
    }
}
