namespace Gache.Bench.Keys;

/// <summary>Each key as likely as any other.</summary>
internal sealed class UniformKeys(int seed, int count) : IKeySource
{
    private readonly Random dice = new(seed);

    /// <inheritdoc/>
    public bool TryNext(out int key)
    {
        key = dice.Next(count);
        return true;
    }

    /// <inheritdoc/>
    public void Failed(int key)
    {
        // comes again by chance
    }
}
