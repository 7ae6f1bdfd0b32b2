namespace Gache.Store;

/// <summary>A record that is about to be written into a block.</summary>
internal readonly ref struct RecordDraft
{
    public RecordDraft(ReadOnlySpan<byte> key, ushort flags, ulong revision, ReadOnlySpan<byte> tail, ulong due = 0)
    {
        Key = key;
        Flags = (ushort)(flags | (due == 0 ? 0 : Record.ExpiresFlag));
        Due = due;
        Revision = revision;
        Tail = tail;
    }

    public ReadOnlySpan<byte> Key { get; }

    public ushort Flags { get; }

    public ulong Revision { get; }

    /// <summary>When it is over, in its slot's time; 0: never.</summary>
    public ulong Due { get; }

    /// <summary>The value, or a large value's address.</summary>
    public ReadOnlySpan<byte> Tail { get; }

    public int Length => Record.HeadBytes + Key.Length + (Due == 0 ? 0 : sizeof(ulong)) + Tail.Length;

    /// <summary>An inner block's record: all keys from <paramref name="separator"/> on are under <paramref name="child"/>.</summary>
    public static unsafe RecordDraft ForChild(ReadOnlySpan<byte> separator, byte* child) => new(separator, 0, (ulong)child, default);
}
