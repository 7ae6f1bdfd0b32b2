using System.Buffers.Text;
using System.Text;

namespace Gache.Bench.Wire;

/// <summary>Reads HTTP/1.1 answers, in pieces cut anywhere. What a body is, the one who inherits decides.</summary>
/// <remarks>Only what servers of keys send: bodies with a length or in chunks. Anything else is <see cref="Fault"/>, never a guess.</remarks>
internal abstract class HttpAnswer
{
    /// <summary>Bound on status line and fields together.</summary>
    public const int MaxHeadBytes = 16 << 10;

    /// <summary>Bound on the line before a chunk.</summary>
    private const int MaxChunkLine = 64;

    private readonly byte[] kept = new byte[MaxHeadBytes];
    private int keptLength;
    private State state;
    private long left;
    private bool isChunked;

    private enum State
    {
        Head,
        Body,
        ChunkLine,
        Chunk,
        ChunkEnd,
        Trailer,
        Over,
    }

    /// <summary>The status; 0 before there is one.</summary>
    public int Status { get; private set; }

    /// <summary>The field <c>Location</c>, or null.</summary>
    public string? Location { get; private set; }

    /// <summary>When to try again: the field <c>Gache-Retry-After-Ms</c>, else <c>Retry-After</c> in seconds, or null.</summary>
    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>Whether the server closes the connection after this answer.</summary>
    public bool Closes { get; private set; }

    /// <summary>Why these bytes are no answer, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>The next bytes are a new answer's.</summary>
    protected void BeginAnswer()
    {
        state = State.Head;
        keptLength = 0;
        Status = 0;
        Location = null;
        RetryAfter = null;
        Closes = false;
        Fault = null;
    }

    /// <summary>The next bytes.</summary>
    /// <returns>Whether the answer is whole, or cannot become so.</returns>
    public bool Take(ReadOnlySpan<byte> piece)
    {
        while (state != State.Over)
        {
            if (piece.IsEmpty) return false;
            int used = state switch
            {
                State.Head => TakeHead(piece),
                State.ChunkLine => TakeChunkLine(piece),
                State.ChunkEnd or State.Trailer => TakeLine(piece),
                _ => TakeBytes(piece),
            };
            piece = piece[used..];
        }

        if (!piece.IsEmpty) Break($"{piece.Length} bytes after the end of the answer");
        return true;
    }

    /// <summary>The head is read: whether the answer is as it may be.</summary>
    protected abstract void OnHead();

    /// <summary>The next bytes of the body.</summary>
    protected abstract void OnBody(ReadOnlySpan<byte> piece);

    private int TakeHead(ReadOnlySpan<byte> piece)
    {
        if (keptLength == 0)
        {
            // The common case: the whole head is in one piece, and nothing is copied.
            int end = piece.IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                ReadHead(piece[..(end + 2)]);
                return end + 4;
            }
        }

        int before = keptLength;
        int used = Math.Min(piece.Length, kept.Length - keptLength);
        piece[..used].CopyTo(kept.AsSpan(keptLength));
        keptLength += used;
        int from = Math.Max(0, before - 3); // its end may be cut, too
        int at = kept.AsSpan(from, keptLength - from).IndexOf("\r\n\r\n"u8);
        if (at < 0)
        {
            if (keptLength == kept.Length) Break("a head of more than 16 KiB");
            return used;
        }

        ReadHead(kept.AsSpan(0, from + at + 2));
        keptLength = 0;
        return from + at + 4 - before;
    }

    /// <param name="head">Whole lines, each with its end.</param>
    private void ReadHead(ReadOnlySpan<byte> head)
    {
        int lineEnd = head.IndexOf("\r\n"u8);
        ReadOnlySpan<byte> line = head[..lineEnd];
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[8] != ' '
            || !Utf8Parser.TryParse(line.Slice(9, 3), out int status, out int digits) || digits != 3)
        {
            Break("no status line of HTTP/1.1");
            return;
        }

        Status = status;
        Closes = line[7] == '0';
        isChunked = false;
        left = -1;
        for (head = head[(lineEnd + 2)..]; !head.IsEmpty; head = head[(lineEnd + 2)..])
        {
            lineEnd = head.IndexOf("\r\n"u8);
            if (!ReadField(head[..lineEnd])) return;
        }

        if (status is >= 100 and < 200)
        {
            Status = 0; // an interim answer: the real one follows
            return;
        }

        if (status is 204 or 304) left = 0;
        if (left < 0 && !isChunked)
        {
            Break("a body without length");
            return;
        }

        OnHead();
        state = isChunked ? State.ChunkLine : left > 0 ? State.Body : State.Over;
    }

    private bool ReadField(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            Break("a field without name");
            return false;
        }

        ReadOnlySpan<byte> name = line[..colon];
        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim((byte)' ');
        switch (name.Length)
        {
            case 14 when Ascii.EqualsIgnoreCase(name, "Content-Length"u8):
                if (!Utf8Parser.TryParse(value, out left, out int used) || used != value.Length || left < 0)
                {
                    Break("a Content-Length that is no number");
                    return false;
                }

                break;
            case 17 when Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8):
                isChunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
                break;
            case 10 when Ascii.EqualsIgnoreCase(name, "Connection"u8):
                Closes |= Ascii.EqualsIgnoreCase(value, "close"u8);
                break;
            case 11 when RetryAfter is null && Ascii.EqualsIgnoreCase(name, "Retry-After"u8):
                if (Utf8Parser.TryParse(value, out uint seconds, out int all) && all == value.Length) RetryAfter = TimeSpan.FromSeconds(seconds);
                break;
            case 20 when Ascii.EqualsIgnoreCase(name, "Gache-Retry-After-Ms"u8):
                if (Utf8Parser.TryParse(value, out uint milliseconds, out int whole) && whole == value.Length) RetryAfter = TimeSpan.FromMilliseconds(milliseconds);
                break;
            case 8 when Ascii.EqualsIgnoreCase(name, "Location"u8):
                Location = Encoding.ASCII.GetString(value);
                break;
        }

        return true;
    }

    private int TakeBytes(ReadOnlySpan<byte> piece)
    {
        int used = (int)Math.Min(left, piece.Length);
        OnBody(piece[..used]);
        left -= used;
        if (left == 0) state = isChunked ? State.ChunkEnd : State.Over;
        return used;
    }

    private int TakeChunkLine(ReadOnlySpan<byte> piece)
    {
        if (KeepLine(piece, out int used) is not { Length: > 0 } line) return used;
        int semicolon = line.IndexOf((byte)';');
        ReadOnlySpan<byte> size = (semicolon < 0 ? line : line[..semicolon]).Trim((byte)' ');
        if (!Utf8Parser.TryParse(size, out left, out int digits, 'x') || digits != size.Length || left < 0)
        {
            Break("a chunk without size");
            return used;
        }

        state = left > 0 ? State.Chunk : State.Trailer;
        return used;
    }

    /// <summary>The end of a chunk must be empty; the lines after the last chunk end with an empty one.</summary>
    private int TakeLine(ReadOnlySpan<byte> piece)
    {
        ReadOnlySpan<byte> line = KeepLine(piece, out int used, out bool isWhole);
        if (!isWhole) return used;
        if (line.IsEmpty) state = state == State.ChunkEnd ? State.ChunkLine : State.Over;
        else if (state == State.ChunkEnd) Break("a chunk longer than it says");
        return used;
    }

    private ReadOnlySpan<byte> KeepLine(ReadOnlySpan<byte> piece, out int used)
    {
        ReadOnlySpan<byte> line = KeepLine(piece, out used, out bool isWhole);
        if (isWhole && line.IsEmpty) Break("a chunk without size");
        return line;
    }

    private ReadOnlySpan<byte> KeepLine(ReadOnlySpan<byte> piece, out int used, out bool isWhole)
    {
        int end = piece.IndexOf((byte)'\n');
        used = end < 0 ? piece.Length : end + 1;
        isWhole = false;
        if (keptLength + used > MaxChunkLine)
        {
            Break("a chunk's line without end");
            return [];
        }

        piece[..used].CopyTo(kept.AsSpan(keptLength));
        keptLength += used;
        if (end < 0) return [];
        isWhole = true;
        ReadOnlySpan<byte> line = kept.AsSpan(0, keptLength).TrimEnd("\r\n"u8);
        keptLength = 0;
        return line;
    }

    private void Break(string fault)
    {
        Fault ??= fault;
        Closes = true;
        state = State.Over;
    }
}
