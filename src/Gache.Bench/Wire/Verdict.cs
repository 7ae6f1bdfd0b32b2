namespace Gache.Bench.Wire;

/// <summary>What an answer is.</summary>
internal enum Verdict
{
    /// <summary>What was asked for.</summary>
    Right,

    /// <summary>There is no such key, and this run has not set it.</summary>
    Missing,

    /// <summary>Somebody else owns the key.</summary>
    Redirected,

    /// <summary>Not now, said in the contract's words.</summary>
    Refused,

    /// <summary>What must never be answered.</summary>
    Wrong,
}
