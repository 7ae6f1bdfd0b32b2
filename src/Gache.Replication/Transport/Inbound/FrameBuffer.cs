using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport.Inbound;

/// <summary>Bytes received and not consumed yet; grows only as far as bytes really came, never because a frame claims to be long.</summary>
internal sealed class FrameBuffer
{
    private const int UsualLength = 128 * 1024;

    // A follower that is sent large batches would otherwise get and drop such an array for each.
    private const int KeepLength = 1024 * 1024;

    private byte[] bytes = GC.AllocateUninitializedArray<byte>(UsualLength);
    private int begin;
    private int end;

    /// <summary>How long the buffer is now, in bytes.</summary>
    public int Length => bytes.Length;

    /// <summary>What was received and not consumed.</summary>
    public ReadOnlySpan<byte> Received => bytes.AsSpan(begin, end - begin);

    /// <summary>Room for the next receive; never empty.</summary>
    public Span<byte> Free()
    {
        int left = end - begin;
        if (left == 0)
        {
            begin = end = 0;
            if (bytes.Length > KeepLength) bytes = GC.AllocateUninitializedArray<byte>(UsualLength);
        }
        else if (end == bytes.Length || begin > bytes.Length / 2)
        {
            byte[] target = begin > 0 ? bytes : GC.AllocateUninitializedArray<byte>(Math.Min(bytes.Length * 2, PeerFrame.MaxLength));
            bytes.AsSpan(begin, left).CopyTo(target);
            bytes = target;
            begin = 0;
            end = left;
        }

        return bytes.AsSpan(end);
    }

    /// <summary>So many bytes were received into <see cref="Free"/>.</summary>
    public void Filled(int count) => end += count;

    /// <summary>So many bytes of <see cref="Received"/> are done with.</summary>
    public void Consume(int count) => begin += count;
}
