using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Gache.Primitives;

/// <summary>Checks that stay on in production: a broken one means that going on could lose or misread data.</summary>
public static class Invariant
{
    /// <summary>Throws unless <paramref name="condition"/> holds; the message is formatted only when it is broken.</summary>
    /// <exception cref="InvariantBrokenException">The condition is false. The process must end (exit code 70).</exception>
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] ref InvariantMessage message)
    {
        if (!condition) throw new InvariantBrokenException(message.ToStringAndClear());
    }

    /// <summary>Throws unless <paramref name="condition"/> holds.</summary>
    /// <exception cref="InvariantBrokenException">The condition is false. The process must end (exit code 70).</exception>
    public static void Holds([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition) throw new InvariantBrokenException(message);
    }
}

/// <summary>The message of an invariant: nothing is formatted or boxed while the condition holds.</summary>
[InterpolatedStringHandler]
public ref struct InvariantMessage
{
    private DefaultInterpolatedStringHandler inner;

    /// <summary>Called by the compiler; <paramref name="wanted"/> is true only when the condition is broken.</summary>
    public InvariantMessage(int literalLength, int formattedCount, bool condition, out bool wanted)
    {
        wanted = !condition;
        inner = wanted ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    /// <summary>Appends a literal part.</summary>
    public void AppendLiteral(string value) => inner.AppendLiteral(value);

    /// <summary>Appends a formatted part.</summary>
    public void AppendFormatted<T>(T value) => inner.AppendFormatted(value);

    internal string ToStringAndClear() => inner.ToStringAndClear();
}

/// <summary>Something that must never be was seen; the process ends rather than go on with it.</summary>
public sealed class InvariantBrokenException(string message) : Exception(message);
