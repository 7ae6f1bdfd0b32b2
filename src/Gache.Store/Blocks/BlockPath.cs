using System.Runtime.CompilerServices;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>The way from a slot's root down to a leaf, and the place in it where a key is or would be.</summary>
internal unsafe struct BlockPath
{
    // Every inner block takes three children even of the longest keys, and merges keep blocks from running empty: this many levels
    // are more than memory can fill.
    private const int MaxLevels = 40;

    private Blocks blocks;
    private Indexes indexes;

    public int Slot { get; set; }

    /// <summary>The root's level; -1 if the slot is empty.</summary>
    public int RootLevel { get; set; }

    /// <summary>The fingerprint of the key sought.</summary>
    public byte Fingerprint { get; set; }

    /// <summary>Whether the key sought stands at <see cref="Record"/>.</summary>
    public bool IsFound { get; set; }

    public readonly Block Leaf => BlockAt(0);

    public readonly Record Record => Leaf[IndexAt(0)];

    public readonly Block BlockAt(int level) => new((byte*)blocks[level]);

    public readonly int IndexAt(int level) => indexes[level];

    public void Set(int level, Block block, int index)
    {
        Invariant.Holds(level < MaxLevels, $"a slot grew {level} levels high");
        blocks[level] = (nint)block.Address;
        indexes[level] = index;
    }

    [InlineArray(MaxLevels)]
    private struct Blocks
    {
        private nint first;
    }

    [InlineArray(MaxLevels)]
    private struct Indexes
    {
        private int first;
    }
}
