using CsCheck;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication.Transport.Wire;
using Xunit;

namespace Gache.Replication.Tests.Transport;

public sealed class FrameTests
{
    private static readonly NodeId From = new(11);
    private static readonly NodeId To = new(22);

    [Fact]
    public void Every_message_reads_back_as_it_was_written() =>
        Gen.OneOf(CoreMessages, Chunks, ChunkAnswers, Notices).List[1, 4].Sample(messages =>
        {
            var writer = new ByteWriter();
            foreach (PeerMessage message in messages)
            {
                int before = writer.Length;
                PeerFrame.Write(writer, message);
                Assert.Equal(PeerFrame.SizeOf(message), writer.Length - before);
            }

            ReadOnlySpan<byte> rest = writer.Written;
            foreach (PeerMessage message in messages)
            {
                Assert.Equal(FrameRead.Message, PeerFrame.Read(rest, From, To, out int length, out PeerMessage? read, out _));
                SameMessage.Check(message, read!);
                rest = rest[length..];
            }

            Assert.True(rest.IsEmpty);
        });

    [Fact]
    public void Part_of_a_frame_is_incomplete_and_never_bad()
    {
        byte[] frame = Encode(Append(3, 40));
        for (int length = 0; length < frame.Length; length++)
            Assert.Equal(FrameRead.Incomplete, PeerFrame.Read(frame.AsSpan(0, length), From, To, out _, out _, out _));
    }

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        byte[] frame = Encode(Append(2, 16));
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(FrameRead.Message, PeerFrame.Read(frame, From, To, out _, out PeerMessage? message, out _));
            Assert.Null(message);
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Frame_that_claims_more_than_16_MiB_is_bad_before_its_body_comes()
    {
        var writer = new ByteWriter();
        writer.WriteUInt32(PeerFrame.MaxLength);
        writer.WriteByte(1);
        writer.WriteUInt32(0);
        Assert.Equal(FrameRead.Bad, PeerFrame.Read(writer.Written, From, To, out _, out _, out string? fault));
        Assert.Contains("16777216", fault);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(16 * 1024u)]
    [InlineData(4u)]
    public void Entry_count_that_the_body_does_not_hold_allocates_nothing(uint count)
    {
        byte[] frame = Encode(Append(3, 8));
        int countPosition = frame.Length - 3 * (8 + 1 + 4 + 8) - 4;
        BitConverter.TryWriteBytes(frame.AsSpan(countPosition), count);
        Seal(frame);
        PeerFrame.Read(frame, From, To, out _, out _, out _);

        long before = GC.GetAllocatedBytesForCurrentThread();
        FrameRead read = PeerFrame.Read(frame, From, To, out _, out PeerMessage? message, out string? fault);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(FrameRead.Bad, read);
        Assert.Null(message);
        Assert.NotNull(fault);
        Assert.True(allocated < 4096, $"{allocated} bytes were allocated for a frame of {frame.Length}"); // the words of the fault
    }

    [Fact]
    public void Small_entry_that_is_kept_holds_no_more_than_64_KiB()
    {
        CoreMessage sent = Append(1000, 1000);
        PeerFrame.Read(Encode(sent), From, To, out _, out PeerMessage? read, out _);
        foreach (Entry entry in ((CoreMessage)read!).Message.Entries.Span)
        {
            Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(entry.Payload, out ArraySegment<byte> slab));
            Assert.True(slab.Array!.Length <= 64 * 1024);
        }
    }

    [Fact]
    public void Message_that_would_not_fit_a_frame_is_refused_before_it_is_sent()
    {
        Assert.Throws<InvariantBrokenException>(() => PeerFrame.SizeOf(Append(3, 6 * 1024 * 1024)));
        Assert.Throws<InvariantBrokenException>(() => PeerFrame.SizeOf(Append(20_000, 0)));
        Assert.Throws<InvariantBrokenException>(() => PeerFrame.SizeOf(Chunk(0, SnapshotChunk.MaxBytes + 1)));
    }

    internal static CoreMessage Append(int count, int payloadLength)
    {
        var entries = new Entry[count];
        for (int i = 0; i < count; i++) entries[i] = new Entry((ulong)i + 8, 3, EntryKind.Command, new byte[payloadLength]);
        return new CoreMessage
        {
            To = To,
            Message = new Message { Kind = MessageKind.Append, From = From, To = To, Term = 3, LogIndex = 7, LogTerm = 2, Entries = entries },
        };
    }

    internal static byte[] Encode(PeerMessage message)
    {
        var writer = new ByteWriter();
        PeerFrame.Write(writer, message);
        return writer.Written.ToArray();
    }

    /// <summary>Makes the checksum right again after the frame was changed.</summary>
    internal static void Seal(Span<byte> frame) =>
        BitConverter.TryWriteBytes(frame[5..], Crc32C.Compute(frame[PeerFrame.HeaderLength..], Crc32C.Compute(frame[..5])));

    private static SnapshotChunk Chunk(long offset, int length) => new()
    {
        To = To,
        From = From,
        Term = 1,
        SnapshotIndex = 1,
        SnapshotTerm = 1,
        Offset = offset,
        TotalLength = 1 << 30,
        Bytes = new byte[length],
    };

    internal static readonly Gen<PeerMessage> Notices =
        Gen.Select(Gen.ULong, Gen.Bool, Gen.String[Gen.Char.AlphaNumeric, 0, 40].Array[0, 6], (term, isRemoved, addresses) =>
            (PeerMessage)new LostDataNotice { To = To, From = From, Term = term, IsRemoved = isRemoved, ApiAddresses = addresses });

    internal static readonly Gen<PeerMessage> ChunkAnswers =
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Long[0, long.MaxValue], Gen.Bool, (term, index, next, isRefused) =>
            (PeerMessage)new SnapshotChunkAnswer
            {
                To = To,
                From = From,
                Term = term,
                SnapshotIndex = index,
                NextOffset = next,
                IsRefused = isRefused,
            });

    internal static readonly Gen<PeerMessage> Chunks =
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Long[0, 1 << 29], Gen.Byte.Array[0, 600], (term, index, offset, bytes) =>
            (PeerMessage)(Chunk(offset, 0) with { Term = term, SnapshotIndex = index, SnapshotTerm = term / 2, Bytes = bytes }));

    private static readonly Gen<MemberReport> Reports =
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, Gen.Long[0, long.MaxValue], Gen.Bool, (applied, index, sum, memory, isLow) =>
            new MemberReport(applied, index, new UInt128(sum, ~sum), memory, isLow));

    private static readonly Gen<(ulong Term, byte Kind, byte[] Payload)> Entries =
        Gen.Select(Gen.ULong, Gen.Byte[1, 3], Gen.OneOf(Gen.Byte.Array[0, 40], Gen.Byte.Array[60_000, 70_000]));

    internal static readonly Gen<PeerMessage> CoreMessages =
        Gen.Select(Gen.Byte[1, 9], Gen.ULong[0, ulong.MaxValue / 2].Array[9], Gen.Bool, Gen.Bool, Reports, Entries.Array[0, 5],
            (kind, numbers, isRejected, isTransfer, report, entries) => (PeerMessage)new CoreMessage
            {
                To = To,
                StoreTimeMilliseconds = numbers[7],
                ShardCommitIndex = numbers[8],
                Report = report,
                Message = new Message
                {
                    Kind = (MessageKind)kind,
                    From = From,
                    To = To,
                    Term = numbers[0],
                    LogIndex = numbers[1],
                    LogTerm = numbers[2],
                    Commit = numbers[3],
                    HintIndex = numbers[4],
                    HintTerm = numbers[5],
                    Round = numbers[6],
                    IsRejected = isRejected,
                    IsTransfer = isTransfer,
                    Entries = entries.Select((e, i) => new Entry(numbers[1] + (ulong)i + 1, e.Term, (EntryKind)e.Kind, e.Payload)).ToArray(),
                },
            });
}
