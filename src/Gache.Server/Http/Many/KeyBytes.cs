namespace Gache.Server.Http.Many;

/// <summary>Keys in collections: equal by their bytes.</summary>
internal sealed class KeyBytes : IEqualityComparer<ReadOnlyMemory<byte>>
{
    public static readonly KeyBytes Comparer = new();

    public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

    public int GetHashCode(ReadOnlyMemory<byte> key)
    {
        var hash = default(HashCode);
        hash.AddBytes(key.Span);
        return hash.ToHashCode();
    }
}
