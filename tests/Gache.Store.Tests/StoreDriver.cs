namespace Gache.Store.Tests;

/// <summary>Applies commands at consecutive indexes, as a replica does.</summary>
internal static class StoreDriver
{
    public static ApplyResult Set(this KeyValueStore store, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        store.Apply(store.AppliedIndex + 1, Command.EncodeSet(key, value));

    public static ApplyResult Put(this KeyValueStore store, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        store.Apply(store.AppliedIndex + 1, Command.EncodePut(key, value));

    public static ApplyResult Delete(this KeyValueStore store, ReadOnlySpan<byte> key) =>
        store.Apply(store.AppliedIndex + 1, Command.EncodeDelete(key));

    public static ApplyResult Write(this KeyValueStore store, CommandKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, WriteOptions options) =>
        store.Apply(store.AppliedIndex + 1, Encode(kind, key, value, options));

    public static byte[] Encode(CommandKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, WriteOptions? options)
    {
        var draft = new CommandDraft(kind, key.Length, value.Length, options);
        key.CopyTo(draft.Key);
        value.CopyTo(draft.Value.Span);
        draft.Seal();
        return draft.Bytes;
    }

    public static byte[]? Get(this KeyValueStore store, ReadOnlySpan<byte> key) =>
        store.TryGet(key, out ValueRef value) ? value.Bytes.ToArray() : null;

    /// <summary>All chunks that are left of a capture.</summary>
    public static List<byte[]> Drain(this SnapshotCapture capture, int chunkBytes = SnapshotCapture.ChunkBytes)
    {
        var chunks = new List<byte[]>();
        byte[] buffer = new byte[chunkBytes];
        while (!capture.IsComplete)
        {
            int length = capture.Fill(buffer);
            if (length > 0) chunks.Add(buffer[..length]);
        }

        return chunks;
    }

    public static void Restore(this KeyValueStore store, SnapshotHead head, IEnumerable<byte[]> chunks)
    {
        store.Clear();
        store.BeginRestore(head);
        foreach (byte[] chunk in chunks) store.RestoreChunk(chunk);
        store.FinishRestore(head.Checksum);
    }

    /// <summary>Bytes that look random and are the same for the same seed.</summary>
    public static byte[] Value(int length, int seed)
    {
        byte[] value = new byte[length];
        new Random(seed).NextBytes(value);
        return value;
    }
}
