using System.Runtime.CompilerServices;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>A block: records in key order, at most 4 KiB, in native memory. The unit of every move, copy and walk.</summary>
/// <remarks>
/// From the front: slot (2 bytes), level (1; 0 is a leaf), size class (1), record count (2), bytes of records (2); one fingerprint byte a
/// record; one 16-bit end a record, counted from the first record's start. The records lie without gaps up to the block's end, so that
/// copying a block into one of another size changes nothing in its index.
/// </remarks>
internal readonly unsafe struct Block(byte* at)
{
    public const int HeadBytes = 8;

    /// <summary>What the index takes for each record.</summary>
    public const int IndexBytes = 1 + sizeof(ushort);

    public byte* Address => at;

    public bool IsNone => at == null;

    public int Slot => *(ushort*)at;

    public int Level => at[2];

    public int SizeClass => at[3];

    public int Count => *(ushort*)(at + 4);

    public int HeapBytes => *(ushort*)(at + 6);

    public int Capacity => BlockSizes.CapacityOf(SizeClass);

    /// <summary>How many bytes are needed: head, index and records.</summary>
    public int Used => HeadBytes + IndexBytes * Count + HeapBytes;

    public ReadOnlySpan<byte> Fingerprints => new(at + HeadBytes, Count);

    public Record First => this[0];

    public Record Last => this[Count - 1];

    public Record this[int i]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            int start = StartOf(i);
            return new Record(Heap + start, EndOf(i) - start);
        }
    }

    private byte* Heap => at + Capacity - HeapBytes;

    public void Initialize(int slot, int level, int sizeClass)
    {
        *(ushort*)at = (ushort)slot;
        at[2] = (byte)level;
        at[3] = (byte)sizeClass;
        SetCount(0);
        SetHeapBytes(0);
    }

    /// <summary>Says that nothing refers to this block any more; a living one is never empty.</summary>
    public void MarkDead() => SetCount(0);

    /// <summary>Makes room for a record of <paramref name="length"/> bytes before record <paramref name="i"/>; the caller writes it.</summary>
    public Record Insert(int i, int length, byte fingerprint)
    {
        int count = Count;
        int start = StartOf(i);
        Invariant.Holds(Used + IndexBytes + length <= Capacity, $"a record of {length} bytes does not fit into {Capacity - Used}");

        // The ends lie behind the fingerprints: those from i on move by a fingerprint and an end, those before by a fingerprint.
        byte* ends = Ends;
        Move(ends + 2 * i, ends + 2 * i + IndexBytes, 2 * (count - i));
        Move(ends, ends + 1, 2 * i);
        byte* fingerprints = at + HeadBytes;
        Move(fingerprints + i, fingerprints + i + 1, count - i);
        fingerprints[i] = fingerprint;
        SetCount(count + 1);
        SetEnd(i, start);
        return Resize(i, length);
    }

    /// <summary>Gives record <paramref name="i"/> another length; its bytes are then undefined and the caller writes them.</summary>
    public Record Resize(int i, int length)
    {
        int start = StartOf(i);
        int delta = length - (EndOf(i) - start);
        if (delta != 0)
        {
            byte* heap = Heap;
            Move(heap, heap - delta, start);
            SetHeapBytes(HeapBytes + delta);
            byte* ends = Ends;
            for (int j = i; j < Count; j++) AddTo(ends + 2 * j, delta);
        }

        return this[i];
    }

    public void Remove(int i)
    {
        Resize(i, 0);
        int count = Count;
        byte* ends = Ends;
        byte* fingerprints = at + HeadBytes;
        Move(fingerprints + i + 1, fingerprints + i, count - i - 1);
        Move(ends, ends - 1, 2 * i);
        Move(ends + 2 * (i + 1), ends + 2 * i - 1, 2 * (count - i - 1));
        SetCount(count - 1);
    }

    /// <summary>Appends records <paramref name="from"/> up to <paramref name="to"/>, exclusive, of another block.</summary>
    public void Append(Block source, int from, int to)
    {
        int added = to - from;
        if (added == 0) return;

        int count = Count;
        int heapBytes = HeapBytes;
        int sourceStart = source.StartOf(from);
        int addedBytes = source.StartOf(to) - sourceStart;
        Invariant.Holds(Used + IndexBytes * added + addedBytes <= Capacity, $"{addedBytes} bytes do not fit into {Capacity - Used}");

        byte* heap = Heap;
        Move(heap, heap - addedBytes, heapBytes);
        Move(source.Heap + sourceStart, at + Capacity - addedBytes, addedBytes);
        byte* ends = Ends;
        Move(ends, ends + added, 2 * count);
        Move(source.Address + HeadBytes + from, at + HeadBytes + count, added);
        SetCount(count + added);
        SetHeapBytes(heapBytes + addedBytes);
        for (int j = 0; j < added; j++) SetEnd(count + j, heapBytes + source.EndOf(from + j) - sourceStart);
    }

    private byte* Ends => at + HeadBytes + Count;

    private int StartOf(int i) => i == 0 ? 0 : EndOf(i - 1);

    private int EndOf(int i) => Unsafe.ReadUnaligned<ushort>(Ends + 2 * i);

    private void SetEnd(int i, int end) => Unsafe.WriteUnaligned(Ends + 2 * i, (ushort)end);

    private void SetCount(int count) => *(ushort*)(at + 4) = (ushort)count;

    private void SetHeapBytes(int bytes) => *(ushort*)(at + 6) = (ushort)bytes;

    private static void AddTo(byte* end, int delta) =>
        Unsafe.WriteUnaligned(end, (ushort)(Unsafe.ReadUnaligned<ushort>(end) + delta));

    private static void Move(byte* from, byte* to, int bytes) => Buffer.MemoryCopy(from, to, bytes, bytes); // overlap is allowed
}
