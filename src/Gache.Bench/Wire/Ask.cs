namespace Gache.Bench.Wire;

/// <summary>One request.</summary>
/// <param name="IsRead">Whether it gets, or sets.</param>
/// <param name="Key">Number of the key.</param>
/// <param name="IsKnown">Whether the key's value had been acknowledged when the request was sent.</param>
internal readonly record struct Ask(bool IsRead, int Key, bool IsKnown);
