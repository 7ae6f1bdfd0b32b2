namespace Gache.Primitives;

/// <summary>Names one cluster, all shards that share the 16,384 slots: a random 128-bit number made when it was founded.</summary>
public readonly record struct ClusterId(UInt128 Value) : IComparable<ClusterId>
{
    /// <summary>The encoded size in bytes.</summary>
    public const int Size = RandomId.Size;

    /// <summary>True for the default value, which names nothing.</summary>
    public bool IsNone => Value == UInt128.Zero;

    /// <summary>Draws a new id.</summary>
    public static ClusterId New(Random random) => new(RandomId.Draw(random));

    /// <summary>Reads 32 hexadecimal digits.</summary>
    public static bool TryParse(string? text, out ClusterId id)
    {
        bool ok = RandomId.TryParse(text, out UInt128 value);
        id = new ClusterId(value);
        return ok;
    }

    /// <inheritdoc/>
    public int CompareTo(ClusterId other) => Value.CompareTo(other.Value);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => RandomId.Format(Value);
}
