using System.Buffers;

namespace Gache.Store;

/// <summary>A pinned large value: its bytes stay as they are, whatever the store does, until <see cref="Release"/>.</summary>
/// <remarks>Pinned by the store's owner, while it reads; used and released by whoever sends it, on any thread.</remarks>
public sealed unsafe class LargeValue : MemoryManager<byte>
{
    private readonly LargeBytes bytes;
    private readonly NativeLedger ledger;
    private int isReleased;

    internal LargeValue(LargeBytes bytes, NativeLedger ledger)
    {
        this.bytes = bytes;
        this.ledger = ledger;
        bytes.AddReference();
    }

    /// <summary>Lets the value go; its memory must not be touched afterwards. A second call does nothing.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref isReleased, 1) == 0) bytes.Release(ledger);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isReleased) != 0, this);
        return bytes.Bytes;
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        fixed (byte* start = GetSpan()) return new MemoryHandle(start + elementIndex); // native memory: it never moves
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Release();
}
