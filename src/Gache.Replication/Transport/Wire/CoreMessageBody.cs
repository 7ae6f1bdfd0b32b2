using Gache.Primitives;
using Gache.Raft;

namespace Gache.Replication.Transport.Wire;

/// <summary>The body of a <see cref="CoreMessage"/>: every field in a fixed place, then the entries.</summary>
internal static class CoreMessageBody
{
    private const int FixedLength = 2 + 9 * 8 + ReportLength + sizeof(uint);
    private const int ReportLength = 8 + 8 + 16 + 8;

    [Flags]
    private enum Bits : byte
    {
        None = 0,
        Rejected = 1,
        Transfer = 2,
        SpaceLow = 4,
        All = Rejected | Transfer | SpaceLow,
    }

    public static long SizeOf(CoreMessage core) => FixedLength + EntriesBody.SizeOf(core.Message.Entries.Span);

    public static void Write(ByteWriter writer, CoreMessage core)
    {
        Message message = core.Message;
        MemberReport report = core.Report;
        writer.WriteByte((byte)message.Kind);
        writer.WriteByte((byte)((message.IsRejected ? Bits.Rejected : Bits.None) | (message.IsTransfer ? Bits.Transfer : Bits.None)
            | (report.IsSpaceLow ? Bits.SpaceLow : Bits.None)));
        writer.WriteUInt64(message.Term);
        writer.WriteUInt64(message.LogIndex);
        writer.WriteUInt64(message.LogTerm);
        writer.WriteUInt64(message.Commit);
        writer.WriteUInt64(message.HintIndex);
        writer.WriteUInt64(message.HintTerm);
        writer.WriteUInt64(message.Round);
        writer.WriteUInt64(core.StoreTimeMilliseconds);
        writer.WriteUInt64(core.ShardCommitIndex);
        writer.WriteUInt64(report.AppliedIndex);
        writer.WriteUInt64(report.ChecksumIndex);
        writer.WriteUInt128(report.Checksum);
        writer.WriteUInt64((ulong)report.MaxMemoryBytes);
        writer.WriteUInt32((uint)message.Entries.Length);
        EntriesBody.Write(writer, message.LogIndex, message.Entries.Span);
    }

    public static bool TryRead(ref ByteReader reader, NodeId from, NodeId to, out PeerMessage? core)
    {
        core = null;
        byte kind = reader.ReadByte();
        var bits = (Bits)reader.ReadByte();
        if (kind is < (byte)MessageKind.PreVote or > (byte)MessageKind.TransferNow || (bits & ~Bits.All) != 0) return false;
        ulong term = reader.ReadUInt64();
        ulong logIndex = reader.ReadUInt64();
        ulong logTerm = reader.ReadUInt64();
        ulong commit = reader.ReadUInt64();
        ulong hintIndex = reader.ReadUInt64();
        ulong hintTerm = reader.ReadUInt64();
        ulong round = reader.ReadUInt64();
        ulong storeTime = reader.ReadUInt64();
        ulong shardCommit = reader.ReadUInt64();
        var report = new MemberReport(
            reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt128(), (long)reader.ReadUInt64(), (bits & Bits.SpaceLow) != 0);
        uint entryCount = reader.ReadUInt32();
        if (!reader.IsValid || report.MaxMemoryBytes < 0) return false;
        if (!EntriesBody.TryRead(ref reader, logIndex, entryCount, out Entry[] entries)) return false;

        core = new CoreMessage
        {
            To = to,
            Message = new Message
            {
                Kind = (MessageKind)kind,
                From = from,
                To = to,
                Term = term,
                LogIndex = logIndex,
                LogTerm = logTerm,
                Commit = commit,
                Entries = entries,
                IsRejected = (bits & Bits.Rejected) != 0,
                HintIndex = hintIndex,
                HintTerm = hintTerm,
                Round = round,
                IsTransfer = (bits & Bits.Transfer) != 0,
            },
            StoreTimeMilliseconds = storeTime,
            ShardCommitIndex = shardCommit,
            Report = report,
        };
        return true;
    }
}
