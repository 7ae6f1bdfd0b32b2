using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Gache.Store;

/// <summary>A large value in native memory of its own: reference count, length, checksum, bytes. A record holds its address.</summary>
internal readonly unsafe struct LargeBytes(nint address)
{
    private const int HeadBytes = 32;

    public nint Address { get; } = address;

    private Head* At => (Head*)Address;

    public int Length => At->Length;

    /// <summary>The checksum of the bytes, kept because a value is hashed again whenever its record is taken out of the sum.</summary>
    public UInt128 Checksum => At->Checksum;

    public Span<byte> Bytes => new((byte*)Address + HeadBytes, At->Length);

    /// <summary>What a value of this length takes, in bytes.</summary>
    public static long SizeOf(int length) => HeadBytes + (long)length;

    /// <summary>Takes memory for a value whose bytes are still to be written; the caller holds the one reference.</summary>
    public static LargeBytes Allocate(int length, NativeLedger ledger)
    {
        var made = new LargeBytes((nint)NativeMemory.Alloc((nuint)SizeOf(length)));
        made.At->References = 1;
        made.At->Length = length;
        ledger.AddValue(SizeOf(length));
        return made;
    }

    /// <summary>Computes the checksum; once, when all bytes are written.</summary>
    public void Seal() => At->Checksum = XxHash128.HashToUInt128(Bytes);

    public void AddReference() => Interlocked.Increment(ref At->References);

    /// <summary>Gives one reference back; the last frees the memory. From any thread.</summary>
    public void Release(NativeLedger ledger)
    {
        if (Interlocked.Decrement(ref At->References) != 0) return;
        ledger.AddValue(-SizeOf(At->Length));
        NativeMemory.Free((void*)Address);
    }

    private struct Head
    {
        public UInt128 Checksum;
        public int References;
        public int Length;
    }
}
