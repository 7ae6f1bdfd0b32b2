using Gache.Primitives;

namespace Gache.Store;

/// <summary>A value as it stands in the store; valid until the store's next change.</summary>
public readonly ref struct ValueRef
{
    private readonly nint large;
    private readonly NativeLedger ledger;

    internal ValueRef(Record record, NativeLedger ledger)
    {
        this.ledger = ledger;
        Revision = record.Revision;
        if (record.Flags == 0)
        {
            Bytes = record.PlainValue;
            return;
        }

        large = record.IsLarge ? record.Large.Address : 0;
        Due = record.Due;
        Bytes = record.Value;
    }

    /// <summary>The revision of the last change of the key.</summary>
    public ulong Revision { get; }

    /// <summary>Whether the key expires.</summary>
    public bool Expires => Due != 0;

    /// <summary>When it is over, in its slot's time; 0: never.</summary>
    internal ulong Due { get; }

    /// <summary>The value's bytes: 0 to 8 MiB.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Whether the value has memory of its own, so that it can be pinned instead of copied (key and value above 2 KiB).</summary>
    public bool IsLarge => large != 0;

    /// <summary>Pins a large value, so that it can be sent after the store moved on.</summary>
    /// <returns>The pinned value; the caller releases it, exactly once, on any thread.</returns>
    public LargeValue Pin()
    {
        Invariant.Holds(IsLarge, "only a large value can be pinned; a small one is copied");
        return new LargeValue(new LargeBytes(large), ledger);
    }
}
