namespace Gache.Bench.Wire;

/// <summary>Reads answers of one connection, one after the other, in pieces cut anywhere, and judges them.</summary>
internal interface IAnswerReader
{
    /// <summary>The next answer is to this request.</summary>
    void Begin(in Ask ask);

    /// <summary>The next bytes.</summary>
    /// <returns>Whether the answer is whole, or cannot become so.</returns>
    bool Take(ReadOnlySpan<byte> piece);

    /// <summary>What the whole answer is.</summary>
    Verdict Verdict { get; }

    /// <summary>Why it is wrong or refused, in words.</summary>
    string Reason { get; }

    /// <summary>HOST:PORT that a redirect names.</summary>
    string? Owner { get; }

    /// <summary>When a refused caller is to try again, if the answer says so.</summary>
    TimeSpan? RetryAfter => null;

    /// <summary>Whether the connection takes no further request.</summary>
    bool IsLast { get; }
}
