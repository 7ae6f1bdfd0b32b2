using Gache.Raft;
using Xunit;

namespace Gache.Replication.Tests.Transport;

/// <summary>Compares two messages by what they say; records compare their arrays by reference.</summary>
internal static class SameMessage
{
    public static void Check(PeerMessage expected, PeerMessage actual)
    {
        switch (expected)
        {
            case CoreMessage core:
                var read = Assert.IsType<CoreMessage>(actual);
                Assert.Equal(core.Message.Entries.Length, read.Message.Entries.Length);
                for (int i = 0; i < core.Message.Entries.Length; i++)
                {
                    Entry one = core.Message.Entries.Span[i], two = read.Message.Entries.Span[i];
                    Assert.Equal((one.Index, one.Term, one.Kind), (two.Index, two.Term, two.Kind));
                    Assert.True(one.Payload.Span.SequenceEqual(two.Payload.Span), $"payload of entry {one.Index}");
                }

                Assert.Equal(core.Message with { Entries = default }, read.Message with { Entries = default });
                Assert.Equal(core with { Message = read.Message }, read);
                break;
            case SnapshotChunk chunk:
                var readChunk = Assert.IsType<SnapshotChunk>(actual);
                Assert.True(chunk.Bytes.Span.SequenceEqual(readChunk.Bytes.Span), "bytes of the chunk");
                Assert.Equal(chunk with { Bytes = default }, readChunk with { Bytes = default });
                break;
            case LostDataNotice notice:
                var readNotice = Assert.IsType<LostDataNotice>(actual);
                Assert.Equal(notice.ApiAddresses, readNotice.ApiAddresses);
                Assert.Equal(notice with { ApiAddresses = readNotice.ApiAddresses }, readNotice);
                break;
            default:
                Assert.Equal(expected, actual);
                break;
        }
    }
}
