using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace Gache.Store;

/// <summary>One record in a block: key length and flags (2 bytes), revision (8), key, the time when it is over (8, only with its flag), then the
/// value or a large value's address.</summary>
/// <remarks>In an inner block the revision's place holds the child's address and there is no value. Valid until blocks are settled.</remarks>
internal readonly unsafe struct Record(byte* at, int length)
{
    public const int HeadBytes = sizeof(ushort) + sizeof(ulong);

    /// <summary>A value moves to memory of its own when it and its key are longer than this. Part of the state's format: the checksum is
    /// computed from what this decides, so all replicas must decide alike.</summary>
    public const int InlineBytesMax = 2_048;

    /// <summary>The longest record that a block ever takes.</summary>
    public const int MaxBytes = HeadBytes + InlineBytesMax + sizeof(ulong) + sizeof(ulong);

    /// <summary>The value stands elsewhere, and the record holds its address.</summary>
    public const ushort LargeFlag = 0x8000;

    /// <summary>Among pre-images: there was no such key.</summary>
    public const ushort AbsentFlag = 0x4000;

    /// <summary>The record is over at a time, which stands behind the key; one without expiry has no byte for it.</summary>
    public const ushort ExpiresFlag = 0x2000;

    private const ushort KeyLengthMask = 0x0FFF;

    public int Length => length;

    public ReadOnlySpan<byte> Bytes => new(at, length);

    public ushort Flags => (ushort)(Unsafe.ReadUnaligned<ushort>(at) & ~KeyLengthMask);

    public bool IsLarge => (Flags & LargeFlag) != 0;

    public bool Expires => (Flags & ExpiresFlag) != 0;

    /// <summary>When it is over, in its slot's time, in milliseconds; 0: never.</summary>
    public ulong Due => Expires ? Unsafe.ReadUnaligned<ulong>(at + HeadBytes + KeyLength) : 0;

    public bool IsAbsent => (Flags & AbsentFlag) != 0;

    public ReadOnlySpan<byte> Key => new(at + HeadBytes, KeyLength);

    public ulong Revision => Unsafe.ReadUnaligned<ulong>(at + sizeof(ushort));

    public LargeBytes Large => new(Unsafe.ReadUnaligned<nint>(at + TailOffset));

    /// <summary>The value, wherever it stands.</summary>
    public ReadOnlySpan<byte> Value => IsLarge ? Large.Bytes : Tail;

    /// <summary>The value of a record without flags: as most are.</summary>
    public ReadOnlySpan<byte> PlainValue => new(at + HeadBytes + KeyLength, length - HeadBytes - KeyLength);

    /// <summary>What stands at the end: the value, or a large value's address.</summary>
    public ReadOnlySpan<byte> Tail => new(at + TailOffset, length - TailOffset);

    public byte* Child
    {
        get => (byte*)Unsafe.ReadUnaligned<nint>(at + sizeof(ushort));
        set => Unsafe.WriteUnaligned(at + sizeof(ushort), (nint)value);
    }

    private int TailOffset => HeadBytes + KeyLength + (Expires ? sizeof(ulong) : 0);

    private int KeyLength => Unsafe.ReadUnaligned<ushort>(at) & KeyLengthMask;

    /// <summary>The record's share in the state's checksum: of slot, key, revision, expiry and value.</summary>
    [SkipLocalsInit]
    public UInt128 ChecksumIn(int slot)
    {
        if (!IsLarge) return XxHash128.HashToUInt128(Bytes, slot);

        // An address means nothing to another replica: the value's own checksum stands in for it.
        Span<byte> image = stackalloc byte[MaxBytes + sizeof(ulong)];
        int headAndKey = length - sizeof(ulong);
        Bytes[..headAndKey].CopyTo(image);
        Unsafe.WriteUnaligned(ref image[headAndKey], Large.Checksum);
        return XxHash128.HashToUInt128(image[..(headAndKey + 16)], slot);
    }

    public void Write(in RecordDraft draft)
    {
        Unsafe.WriteUnaligned(at, (ushort)(draft.Key.Length | draft.Flags));
        Unsafe.WriteUnaligned(at + sizeof(ushort), draft.Revision);
        draft.Key.CopyTo(new Span<byte>(at + HeadBytes, draft.Key.Length));
        byte* behind = at + HeadBytes + draft.Key.Length;
        if (draft.Due != 0)
        {
            Unsafe.WriteUnaligned(behind, draft.Due);
            behind += sizeof(ulong);
        }

        draft.Tail.CopyTo(new Span<byte>(behind, draft.Tail.Length));
    }
}
