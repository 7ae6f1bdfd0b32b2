using Gache.Primitives;
using Gache.Replication.Transport.Inbound;
using Gache.Replication.Transport.Wire;
using Xunit;

namespace Gache.Replication.Tests.Transport;

/// <summary>Bytes that nobody sane sends end a connection, at most: no crash, no memory (http-api: "Bad input never").</summary>
public sealed class HostileBytesTests
{
    private const int FrameCount = 200_000;
    private static readonly NodeId From = new(11);
    private static readonly NodeId To = new(22);

    [Fact]
    public void Two_hundred_thousand_mangled_frames_crash_nothing_and_take_no_memory()
    {
        const uint Seed = 20261124;
        var random = new Random((int)Seed);
        byte[][] originals =
        [
            FrameTests.Encode(FrameTests.Append(0, 0)),
            FrameTests.Encode(FrameTests.Append(5, 30)),
            FrameTests.Encode(FrameTests.Append(64, 20)),
            FrameTests.Encode(new SnapshotChunk { To = To, From = From, Term = 1, SnapshotIndex = 2, SnapshotTerm = 1, Offset = 0, TotalLength = 99, Bytes = new byte[50] }),
            FrameTests.Encode(new SnapshotChunkAnswer { To = To, From = From, Term = 1, SnapshotIndex = 2, NextOffset = 9, IsRefused = false }),
            FrameTests.Encode(new LostDataNotice { To = To, From = From, Term = 1, IsRemoved = true, ApiAddresses = ["a:1", "b:2"] }),
        ];
        byte[] frame = new byte[4096];
        int bad = 0, whole = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < FrameCount; i++)
        {
            byte[] original = originals[random.Next(originals.Length)];
            original.CopyTo(frame, 0);
            int length = Mangle(random, frame, original.Length);

            FrameRead read = PeerFrame.Read(frame.AsSpan(0, length), From, To, out int claimed, out PeerMessage? message, out string? fault);
            Assert.Equal(read == FrameRead.Bad, fault is not null);
            Assert.Equal(read == FrameRead.Message, message is not null);
            if (read is FrameRead.Message or FrameRead.KeepAlive) Assert.InRange(claimed, PeerFrame.HeaderLength, length);
            if (read == FrameRead.Bad) bad++;
            if (read == FrameRead.Message) whole++;
        }

        // Messages and words of faults are made and let go; nothing is ever made in proportion to what a frame claims.
        long perFrame = (GC.GetAllocatedBytesForCurrentThread() - before) / FrameCount;
        Assert.True(perFrame < 8 * 1024, $"{perFrame} bytes a frame, seed {Seed}");
        Assert.True(bad > FrameCount / 4 && whole > FrameCount / 50, $"the mangling is too weak or too strong: {bad} bad, {whole} whole");
    }

    [Fact]
    public void Buffer_grows_with_what_came_and_not_with_what_a_frame_claims()
    {
        var buffer = new FrameBuffer();
        int usual = buffer.Length;
        var header = new ByteWriter();
        header.WriteUInt32(PeerFrame.MaxLength - PeerFrame.HeaderLength);
        header.WriteByte(1);
        header.WriteUInt32(0);
        Receive(buffer, header.Written);
        Assert.Equal(usual, buffer.Length);

        byte[] mebibyte = new byte[1024 * 1024];
        Receive(buffer, mebibyte);
        Assert.InRange(buffer.Length, mebibyte.Length, 4 * mebibyte.Length);

        while (buffer.Received.Length < PeerFrame.MaxLength - mebibyte.Length) Receive(buffer, mebibyte);
        Receive(buffer, new byte[PeerFrame.MaxLength - buffer.Received.Length]);
        Assert.Equal(PeerFrame.MaxLength, buffer.Length);
        Assert.Equal(FrameRead.Bad, PeerFrame.Read(buffer.Received, From, To, out int length, out _, out _));
        buffer.Consume(length);
        buffer.Free();
        Assert.Equal(usual, buffer.Length);
    }

    private static void Receive(FrameBuffer buffer, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            Span<byte> free = buffer.Free();
            int count = Math.Min(free.Length, bytes.Length);
            bytes[..count].CopyTo(free);
            buffer.Filled(count);
            bytes = bytes[count..];
        }
    }

    // Half of the mangled frames get a right checksum again, so that the reading of fields is reached.
    private static int Mangle(Random random, byte[] frame, int length)
    {
        switch (random.Next(5))
        {
            case 0: // as it was sent before: a replay
                return length;
            case 1: // cut short
                return random.Next(length + 1);
            case 2: // garbage altogether
                length = random.Next(frame.Length);
                random.NextBytes(frame.AsSpan(0, length));
                return length;
            default: // some bytes changed
                for (int changes = random.Next(1, 5); changes > 0; changes--)
                {
                    int at = random.Next(length);
                    frame[at] = random.Next(3) switch { 0 => 0xff, 1 => (byte)random.Next(256), _ => (byte)(frame[at] ^ (1 << random.Next(8))) };
                }

                if (random.Next(3) > 0)
                {
                    BitConverter.TryWriteBytes(frame.AsSpan(0, length), length - PeerFrame.HeaderLength);
                    FrameTests.Seal(frame.AsSpan(0, length));
                }

                return length;
        }
    }
}
