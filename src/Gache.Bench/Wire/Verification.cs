namespace Gache.Bench.Wire;

/// <summary>What is looked at in an answer; each includes those above it.</summary>
internal enum Verification
{
    /// <summary>Its status.</summary>
    Status,

    /// <summary>The length of its body.</summary>
    Length,

    /// <summary>Each byte that a read gives.</summary>
    Content,
}
