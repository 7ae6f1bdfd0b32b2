using Gache.Primitives;
using Gache.Raft;
using Xunit;

namespace Gache.Log.Tests;

/// <summary>Holds the bytes on disk to DESIGN.md, by building them here a second time, field by field.</summary>
public class FormatTests
{
    [Fact]
    public void A_segment_is_byte_for_byte_what_the_format_page_says()
    {
        TestLog test = TestLog.Opened();
        Configuration configuration = RandomWrites.SomeConfiguration(3);
        test.WriteAndSync(new HardState(4, new NodeId(0x2222)), null, new Entry(1, 4, EntryKind.Command, new byte[] { 1, 2, 3 }), new Entry(2, 4, EntryKind.NoOp, default));
        test.WriteAndSync(null, new SnapshotMark(1, 4, configuration), new Entry(2, 5, EntryKind.Configuration, configuration.Encode()));
        test.Log.CloseCleanly();

        var wanted = new ByteWriter();
        wanted.WriteBytes("GACHELOG"u8);
        wanted.WriteUInt32(1); // format version
        wanted.WriteUInt32(8192); // segment size
        wanted.WriteUInt128(0x1111); // shard
        wanted.WriteUInt128(0x2222); // node
        wanted.WriteUInt64(1); // segment number
        wanted.WriteUInt32(0);
        uint seed = Crc32C.Compute(wanted.Written);
        wanted.WriteUInt32(seed);

        Record(wanted, seed, 1, w => Head(w, syncedUpTo: 64, lastWrite: 0));
        Record(wanted, seed, 2, w =>
        {
            w.WriteUInt64(0); // last index
            w.WriteUInt64(0); // last term
            w.WriteUInt64(0); // hard state: term
            w.WriteUInt128(0); // hard state: vote
            w.WriteByte(0); // no snapshot
        });

        int first = wanted.Length;
        Record(wanted, seed, 1, w => Head(w, first, 1));
        Record(wanted, seed, 4, w =>
        {
            w.WriteUInt64(4);
            w.WriteUInt128(0x2222);
        });
        Record(wanted, seed, 3, w => EntryBody(w, 1, 4, 1, [1, 2, 3]));
        Record(wanted, seed, 3, w => EntryBody(w, 2, 4, 2, []));

        int second = wanted.Length;
        Record(wanted, seed, 1, w => Head(w, second, 2));
        Record(wanted, seed, 5, w =>
        {
            w.WriteByte(0); // the log stays
            w.WriteUInt64(1);
            w.WriteUInt64(4);
            w.WriteBytes(configuration.Encode());
        });
        Record(wanted, seed, 6, w => w.WriteUInt64(2));
        Record(wanted, seed, 3, w => EntryBody(w, 2, 5, 3, configuration.Encode()));

        int third = wanted.Length;
        Record(wanted, seed, 7, w => Head(w, third, 2));

        using IFile file = test.Files.Open(TestLog.PathOf(1));
        byte[] found = new byte[file.Length];
        file.Read(0, found);
        byte[] whole = new byte[8192];
        wanted.Written.CopyTo(whole);
        Assert.Equal(whole, found);
    }

    private static void Head(ByteWriter writer, long syncedUpTo, ulong lastWrite)
    {
        writer.WriteUInt64(1); // segment
        writer.WriteUInt64((ulong)syncedUpTo);
        writer.WriteUInt64(lastWrite);
    }

    private static void EntryBody(ByteWriter writer, ulong index, ulong term, byte kind, byte[] payload)
    {
        writer.WriteUInt64(index);
        writer.WriteUInt64(term);
        writer.WriteByte(kind);
        writer.WriteBytes(payload);
    }

    private static void Record(ByteWriter writer, uint seed, byte type, Action<ByteWriter> body)
    {
        var bytes = new ByteWriter();
        body(bytes);
        uint typeAndLength = ((uint)type << 24) | (uint)bytes.Length;
        while (bytes.Length % 8 != 0) bytes.WriteByte(0);
        var covered = new ByteWriter();
        covered.WriteUInt32(typeAndLength);
        covered.WriteBytes(bytes.Written);
        var place = new ByteWriter();
        place.WriteUInt64((ulong)writer.Length);
        writer.WriteUInt32(Crc32C.Compute(covered.Written, Crc32C.Compute(place.Written, seed)));
        writer.WriteBytes(covered.Written);
    }
}
