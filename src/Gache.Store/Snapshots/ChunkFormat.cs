namespace Gache.Store;

/// <summary>The layout of a snapshot's chunks.</summary>
/// <remarks>
/// Little-endian. Head: CRC-32C of all that follows it (4 bytes), the chunk's number from 0 (4), how many bytes at its start go on with
/// the previous chunk's last value (4), how many records begin in it (4). A record: slot (2), flags (2: <see cref="ExpiresFlag"/>), key length
/// (2), revision (8), value length (4), with that flag the time when it is over (8, its slot's), key, value. What stands as slot is the tree (<see cref="Trees"/>): from 16,384 on it holds idempotency
/// records. Records are in order of (tree, key). Only a large value goes on in the next chunk.
/// </remarks>
internal static class ChunkFormat
{
    public const int ChecksumBytes = sizeof(uint);
    public const int NumberOffset = ChecksumBytes;
    public const int ContinuedOffset = NumberOffset + sizeof(uint);
    public const int RecordsOffset = ContinuedOffset + sizeof(uint);
    public const int HeadBytes = RecordsOffset + sizeof(uint);

    /// <summary>The record expires.</summary>
    public const ushort ExpiresFlag = 1;

    public const int FlagsOffset = sizeof(ushort);
    public const int KeyLengthOffset = FlagsOffset + sizeof(ushort);
    public const int RevisionOffset = KeyLengthOffset + sizeof(ushort);
    public const int ValueLengthOffset = RevisionOffset + sizeof(ulong);
    public const int RecordHeadBytes = ValueLengthOffset + sizeof(uint);
}
