namespace Gache.Primitives;

/// <summary>Names one node for the life of its data folder: a random 128-bit number made with the folder.</summary>
public readonly record struct NodeId(UInt128 Value) : IComparable<NodeId>
{
    /// <summary>The encoded size in bytes.</summary>
    public const int Size = RandomId.Size;

    /// <summary>True for the default value, which names nothing.</summary>
    public bool IsNone => Value == UInt128.Zero;

    /// <summary>Draws a new id.</summary>
    public static NodeId New(Random random) => new(RandomId.Draw(random));

    /// <summary>Reads 32 hexadecimal digits.</summary>
    public static bool TryParse(string? text, out NodeId id)
    {
        bool ok = RandomId.TryParse(text, out UInt128 value);
        id = new NodeId(value);
        return ok;
    }

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => RandomId.Format(Value);
}
