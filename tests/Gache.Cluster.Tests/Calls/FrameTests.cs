using System.Buffers;
using CsCheck;
using Gache.Cluster.Calls.Wire;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

public sealed class FrameTests
{
    private readonly ByteBudget budget = new(1024 * 1024 * 1024, 0);

    [Fact]
    public void Frames_read_back_as_they_were_written_however_the_bytes_are_cut() =>
        Gen.Select(Gen.Select(Gen.ULong, Gen.Byte, Gen.Byte[1, 4], Gen.UInt, Gen.Byte.Array[0, 300]).Array[1, 6], Gen.Int[1, 97]).Sample((frames, cut) =>
        {
            byte[] bytes = [.. frames.SelectMany(f => Frames.Of((FrameType)f.Item3, f.Item1, f.Item5, (CallKind)f.Item2, f.Item4))];
            var assembler = new FrameAssembler(budget);
            var read = new List<ReceivedFrame>();
            var rest = new ReadOnlySequence<byte>();
            for (int given = 0; given < bytes.Length;)
            {
                int from = given - (int)rest.Length;
                given = Math.Min(given + cut, bytes.Length);
                rest = new ReadOnlySequence<byte>(bytes, from, given - from);
                while (assembler.Read(ref rest, out ReceivedFrame frame, out _) == FrameRead.Whole) read.Add(frame);
            }

            Assert.Equal(frames.Length, read.Count);
            for (int i = 0; i < frames.Length; i++)
            {
                (ulong id, byte kind, byte type, uint timeout, byte[] body) = frames[i];
                Assert.Equal((id, (CallKind)kind, (FrameType)type, timeout), (read[i].Head.RequestId, read[i].Head.Kind, read[i].Head.Type, read[i].Head.TimeoutMilliseconds));
                Assert.Equal(body, read[i].Body.ToArray());
            }
        });

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        byte[] frame = Frames.Request(5, Calling.Bytes(40));
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(FrameRead.Whole, Read(frame, out _));
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Equal(FrameRead.Whole, Read(frame, out _));
    }

    [Fact]
    public void Frame_that_claims_too_much_is_bad_at_its_head_and_nothing_is_allocated_for_it()
    {
        byte[] head = Frames.Claiming(CallLimits.MaxBodyBytes + 1);
        Read(head, out _);
        var assembler = new FrameAssembler(budget);
        var received = new ReadOnlySequence<byte>(head);
        long before = GC.GetAllocatedBytesForCurrentThread();
        FrameRead read = assembler.Read(ref received, out _, out string? fault);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(FrameRead.Bad, read);
        Assert.Contains("15 MiB", fault);
    }

    [Fact]
    public void Memory_grows_with_what_came_and_not_with_what_a_frame_claims()
    {
        var assembler = new FrameAssembler(budget);
        Assert.Equal(FrameRead.Incomplete, Give(assembler, Frames.Claiming(CallLimits.MaxBodyBytes), out _));
        Assert.Equal(0, budget.Taken);
        for (int sent = 0; sent < 4 * 1024 * 1024; sent += 10_000)
        {
            Assert.Equal(FrameRead.Incomplete, Give(assembler, new byte[10_000], out _));
            Assert.InRange(budget.Taken, sent, Math.Max(2 * (sent + 10_000), CallLimits.SmallBodyBytes));
        }

        assembler.Drop();
        Assert.Equal(0, budget.Taken);
    }

    [Fact]
    public void Body_without_room_is_read_found_intact_and_not_kept_while_small_ones_still_have_theirs()
    {
        var tight = new ByteBudget(1024 * 1024, 256 * 1024);
        var assembler = new FrameAssembler(tight);
        byte[] large = Frames.Request(1, Calling.Bytes(2 * 1024 * 1024)), small = Frames.Request(2, Calling.Bytes(100));
        Assert.Equal(FrameRead.Whole, Give(assembler, large, out ReceivedFrame dropped));
        Assert.True(dropped.IsDropped && dropped.Body.IsEmpty);
        Assert.Equal(0, tight.Taken);

        tight.Take(800 * 1024); // more than large ones may use
        Assert.Equal(FrameRead.Whole, Give(assembler, small, out ReceivedFrame kept));
        Assert.False(kept.IsDropped);
        Assert.Equal(100, kept.Body.Length);

        large[^1] ^= 1; // also what is not kept is not believed
        Assert.Equal(FrameRead.Bad, Give(new FrameAssembler(tight), large, out _));
    }

    private FrameRead Read(byte[] frame, out ReceivedFrame read) => Give(new FrameAssembler(budget), frame, out read);

    private static FrameRead Give(FrameAssembler assembler, byte[] bytes, out ReceivedFrame frame)
    {
        var received = new ReadOnlySequence<byte>(bytes);
        return assembler.Read(ref received, out frame, out _);
    }
}
