namespace Gache.Bench.Keys;

/// <summary>Compares a value that comes in pieces of any size with the one that its key must have; keeps nothing of it.</summary>
internal struct ValueCheck(KeySpace keys)
{
    /// <summary>Long values are compared in blocks of about this size: whole copies of the URL.</summary>
    private const int BlockBytes = 4_096;

    private readonly byte[] block = new byte[Math.Max(BlockBytes, keys.MaxUrlBytes)];
    private int blockLength;
    private int wanted;
    private long seen;
    private bool differs;

    /// <summary>Whether all bytes that came are the value's, and none is missing.</summary>
    public readonly bool IsWhole => !differs && seen == wanted;

    /// <summary>Whether as many bytes came as the value has.</summary>
    public readonly bool HasLength => seen == wanted;

    /// <summary>How the value differs, in words.</summary>
    public readonly string Difference => seen == wanted ? $"{wanted} bytes, but not those that were set" : $"{seen} bytes, set were {wanted}";

    /// <summary>The next value is that of this key.</summary>
    public void Begin(int key)
    {
        int url = keys.WriteUrl(block, key);
        wanted = keys.ValueLength(key);
        seen = 0;
        differs = false;
        // No longer than the value: what is short, as most are, is not filled up for nothing.
        int copies = Math.Clamp((wanted + url - 1) / url, 1, block.Length / url);
        blockLength = copies * url;
        KeySpace.Repeat(block.AsSpan(0, url), block.AsSpan(0, blockLength));
    }

    /// <summary>The next bytes of the body.</summary>
    public void Take(ReadOnlySpan<byte> piece)
    {
        while (piece.Length > 0 && !differs)
        {
            ReadOnlySpan<byte> rest = block.AsSpan(0, blockLength)[(int)(seen % blockLength)..];
            int length = Math.Min(rest.Length, piece.Length);
            differs = !piece[..length].SequenceEqual(rest[..length]);
            piece = piece[length..];
            seen += length;
        }

        seen += piece.Length;
    }
}
