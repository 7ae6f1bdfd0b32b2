using Gache.Log;
using Gache.Primitives;
using Gache.Store;
using StateHead = Gache.Store.SnapshotHead;

namespace Gache.Replication;

/// <summary>Replaces a store's content by a snapshot's: the file's first chunks are the state's head, the others are the store's own.</summary>
internal static class SnapshotLoading
{
    /// <summary>Loads the whole snapshot; every checksum is verified on the way.</summary>
    public static void Into(KeyValueStore store, SnapshotReader reader)
    {
        store.Clear();
        Invariant.Holds(reader.TryReadChunk(out ReadOnlyMemory<byte> first), $"{reader.Path} holds no state");
        byte[] wholeHead = first.ToArray();
        int headLength = StateHead.LengthOf(wholeHead);
        while (wholeHead.Length < headLength && reader.TryReadChunk(out ReadOnlyMemory<byte> next)) wholeHead = [.. wholeHead, .. next.Span];
        var headReader = new ByteReader(wholeHead);
        StateHead head = StateHead.ReadFrom(ref headReader);
        Invariant.Holds(headReader.IsValid, $"the state's head in {reader.Path} cannot be read");
        Invariant.Holds(head.AppliedIndex == reader.Head.Mark.Index, $"{reader.Path} holds the state at {head.AppliedIndex}");
        store.BeginRestore(head);
        while (reader.TryReadChunk(out ReadOnlyMemory<byte> chunk)) store.RestoreChunk(chunk.Span);
        store.FinishRestore(reader.Head.Checksum);
    }
}
