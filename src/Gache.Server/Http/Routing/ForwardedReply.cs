using Gache.Primitives;
using Microsoft.AspNetCore.Http.Features;

namespace Gache.Server.Http.Routing;

/// <summary>The answer to a forwarded request: the dispatcher writes it straight into the bytes that go back, if there is room for them (P10).</summary>
/// <param name="budget">Where the room is taken from, before a body is copied.</param>
/// <param name="mayBeRefused">Nothing is carried out by the request: "no room" is a true answer to it. To others the answers are small, or what they may
/// take was reserved before.</param>
internal sealed class ForwardedReply(AnswerBudget budget, bool mayBeRefused) : HttpResponseFeature, IHttpRequestLifetimeFeature, IDisposable
{
    private ByteWriter? bytes;
    private int lengthAt;
    private long taken;

    /// <summary>True once its body has begun: status and headers stand.</summary>
    public override bool HasStarted => bytes is not null;

    /// <summary>The dispatcher gave up: what came of the request must not be told.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>There was no room for the body; <see cref="HttpResponseFeature.StatusCode"/> says so, and the rest is to be said anew.</summary>
    public bool IsRefused { get; private set; }

    /// <inheritdoc/>
    public CancellationToken RequestAborted { get; set; }

    /// <summary>Where the body is written.</summary>
    public Stream BodyStream => new BodyWriter(this);

    /// <inheritdoc/>
    public void Abort() => IsAborted = true;

    /// <summary>Takes room for an answer before that is carried out which it will tell of: afterwards "no room" would not be true. What it has beyond that is
    /// taken all the same.</summary>
    /// <param name="bytes">How much.</param>
    /// <returns>False if there is none.</returns>
    public bool TryReserve(int bytes)
    {
        if (!budget.TryTake(bytes)) return false;
        taken += bytes;
        return true;
    }

    /// <summary>Begins again, with what is small, after <see cref="IsRefused"/>.</summary>
    public void BeginAnew()
    {
        IsRefused = false;
        bytes = null;
        mayBeRefused = false;
    }

    /// <summary>The whole answer, encoded; the last thing that is asked.</summary>
    public ReadOnlyMemory<byte> Encode()
    {
        ByteWriter whole = Begun(0);
        whole.PatchUInt32(lengthAt, (uint)(whole.Length - lengthAt - sizeof(uint)));
        return whole.WrittenMemory;
    }

    /// <summary>Gives the room back: the answer is somebody else's, or nobody's.</summary>
    public void Dispose()
    {
        budget.Return(taken);
        taken = 0;
    }

    private void Write(ReadOnlySpan<byte> part)
    {
        if (IsRefused || part.IsEmpty) return;
        long written = bytes is null ? 0 : bytes.Length - lengthAt - sizeof(uint);
        long whole = Math.Max(Headers.ContentLength ?? 0, written + part.Length);
        long needed = whole - taken;
        if (needed > 0 && !TryTake(needed))
        {
            (IsRefused, StatusCode, bytes) = (true, StatusCodes.Status429TooManyRequests, null);
            return;
        }

        Begun((int)whole).WriteBytes(part);
    }

    private bool TryTake(long needed)
    {
        if (!mayBeRefused) budget.Take(needed);
        else if (!budget.TryTake(needed)) return false;
        taken += needed;
        return true;
    }

    private ByteWriter Begun(int bodyLength)
    {
        if (bytes is { } begun) return begun;
        bytes = new ByteWriter(bodyLength + 1024);
        lengthAt = ForwardedAnswer.WriteHead(bytes, StatusCode, Headers);
        return bytes;
    }

    private sealed class BodyWriter(ForwardedReply reply) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => reply.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => reply.Write(buffer.AsSpan(offset, count));

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            reply.Write(buffer.AsSpan(offset, count));
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            reply.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
            // It stands where it belongs already.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
