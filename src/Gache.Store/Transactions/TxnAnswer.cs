using Gache.Primitives;

namespace Gache.Store;

/// <summary>What one operation of a transaction did or read.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="Existed">Whether the key was there before; of a get: whether it is.</param>
/// <param name="Revision">The revision that it made; of a get the key's; 0 where there is none.</param>
/// <param name="Number">Of an addition the sum.</param>
/// <param name="Value">Of a get the value.</param>
public readonly record struct TxnResult(TxnOperationKind Kind, bool Existed, ulong Revision, long Number, ReadOnlyMemory<byte> Value);

/// <summary>The answer to a transaction that was carried out; the same on every replica, and kept for repeats of a keyed one.</summary>
/// <param name="Succeeded">Whether all comparisons held, and so the first branch was taken.</param>
/// <param name="Results">One for each operation of the branch, in order.</param>
public sealed record TxnAnswer(bool Succeeded, IReadOnlyList<TxnResult> Results)
{
    private const byte ExistedFlag = 0x80;

    /// <summary>Reads it.</summary>
    /// <returns>Null if the bytes are none.</returns>
    public static TxnAnswer? Parse(ReadOnlyMemory<byte> encoded)
    {
        var reader = new ByteReader(encoded.Span);
        bool succeeded = reader.ReadBoolean();
        int count = reader.ReadByte();
        if (count > TxnCommand.MaxOperations) return null;
        var results = new TxnResult[count];
        for (int i = 0; i < count && reader.IsValid; i++)
        {
            byte head = reader.ReadByte();
            var kind = (TxnOperationKind)(head & ~ExistedFlag);
            bool existed = (head & ExistedFlag) != 0;
            ulong revision = reader.ReadUInt64();
            long number = kind == TxnOperationKind.Add ? (long)reader.ReadUInt64() : 0;
            int length = kind == TxnOperationKind.Get && existed ? reader.ReadBlob().Length : 0;
            int end = encoded.Length - reader.Remaining;
            results[i] = new TxnResult(kind, existed, revision, number, encoded[(end - length)..end]);
        }

        return reader.IsValid && reader.Remaining == 0 ? new TxnAnswer(succeeded, results) : null;
    }

    internal static void WriteHead(ByteWriter writer, bool succeeded, int count)
    {
        writer.WriteBoolean(succeeded);
        writer.WriteByte((byte)count);
    }

    internal static void Write(ByteWriter writer, TxnOperationKind kind, bool existed, ulong revision)
    {
        writer.WriteByte((byte)((byte)kind | (existed ? ExistedFlag : 0)));
        writer.WriteUInt64(revision);
    }
}
