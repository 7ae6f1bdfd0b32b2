using System.Buffers.Binary;
using System.Numerics;

namespace Gache.Simulation;

/// <summary>The dice of a simulated world: xoshiro256** seeded by SplitMix64 (Blackman, Vigna), the same on every machine and runtime.</summary>
/// <remarks>
/// A seed printed today must replay tomorrow, so the algorithm is named here and not left to <see cref="Random"/>, which promises none.
/// Each part of the world draws from a stream of its own (<see cref="Fork"/>): one draw more in one part then does not change all others.
/// </remarks>
public sealed class SeededRandom : Random
{
    private ulong s0, s1, s2, s3;

    /// <summary>Starts the stream of this seed.</summary>
    public SeededRandom(ulong seed)
    {
        s0 = SplitMix(ref seed);
        s1 = SplitMix(ref seed);
        s2 = SplitMix(ref seed);
        s3 = SplitMix(ref seed);
    }

    /// <summary>A stream of its own, decided by the next draw of this one.</summary>
    public SeededRandom Fork() => new(NextUInt64());

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(s1 * 5, 7) * 9;
        ulong t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>True with this probability, 0 to 1.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>A time between the two, both included.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => new(NextInt64(least.Ticks, most.Ticks + 1));

    /// <summary>One of them.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <inheritdoc/>
    public override int Next() => Next(int.MaxValue);

    /// <inheritdoc/>
    public override int Next(int maxValue) => (int)NextInt64(maxValue);

    /// <inheritdoc/>
    public override int Next(int minValue, int maxValue) => (int)NextInt64(minValue, maxValue);

    /// <inheritdoc/>
    public override long NextInt64() => NextInt64(long.MaxValue);

    /// <inheritdoc/>
    /// <remarks>By multiplication: the bias is below 2⁻⁴⁰ for every range that a simulation draws from.</remarks>
    public override long NextInt64(long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (long)Math.BigMul(NextUInt64(), (ulong)maxValue, out _);
    }

    /// <inheritdoc/>
    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (long)((ulong)minValue + Math.BigMul(NextUInt64(), (ulong)(maxValue - minValue), out _));
    }

    /// <inheritdoc/>
    public override double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <inheritdoc/>
    public override float NextSingle() => (NextUInt64() >> 40) * (1.0f / (1U << 24));

    /// <inheritdoc/>
    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    /// <inheritdoc/>
    public override void NextBytes(Span<byte> buffer)
    {
        while (buffer.Length >= sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, NextUInt64());
            buffer = buffer[sizeof(ulong)..];
        }

        if (buffer.IsEmpty) return;
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(last, NextUInt64());
        last[..buffer.Length].CopyTo(buffer);
    }

    /// <inheritdoc/>
    protected override double Sample() => NextDouble();

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
