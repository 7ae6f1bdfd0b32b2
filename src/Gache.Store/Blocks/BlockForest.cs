using Gache.Primitives;

namespace Gache.Store;

/// <summary>A B+-tree of blocks for each slot: its keys in byte order, whether it has none, sixty or a hundred million.</summary>
/// <remarks>
/// A change is <see cref="Seek"/>, then <see cref="Put"/> or <see cref="Remove"/>, then <see cref="Settle"/>; records and blocks seen
/// before are good until then. An empty slot has no block at all.
/// </remarks>
internal sealed unsafe partial class BlockForest(NativeLedger ledger)
{
    /// <summary>The longest key, in bytes: a store's key behind a time.</summary>
    public const int MaxKeyBytes = sizeof(ulong) + StoreLimits.MaxKeyBytes;

    private readonly nint[] roots = new nint[Trees.Count];
    private readonly BlockAllocator blocks = new(ledger);

    /// <summary>What the blocks take, in bytes; large values apart.</summary>
    public long UsedBytes => blocks.UsedBytes;

    /// <summary>Reads a key's record.</summary>
    public bool TryFind(int slot, ReadOnlySpan<byte> key, out Record record)
    {
        record = default;
        var block = new Block((byte*)roots[slot]);
        if (block.IsNone) return false;

        while (block.Level > 0) block = new Block(block[BlockSearch.ChildFor(block, key)].Child);
        int i = BlockSearch.Find(block, key, Fingerprint(key));
        if (i < 0) return false;

        record = block[i];
        return true;
    }

    /// <summary>Finds where a key is, or would be inserted.</summary>
    public void Seek(int slot, ReadOnlySpan<byte> key, ref BlockPath path)
    {
        path.Slot = slot;
        path.IsFound = false;
        path.Fingerprint = Fingerprint(key);
        path.RootLevel = -1;
        var block = new Block((byte*)roots[slot]);
        if (block.IsNone) return;

        path.RootLevel = block.Level;
        for (int level = block.Level; level > 0; level--)
        {
            int i = BlockSearch.ChildFor(block, key);
            path.Set(level, block, i);
            block = new Block(block[i].Child);
        }

        // A key that is there is found without touching the others.
        int found = BlockSearch.Find(block, key, path.Fingerprint);
        path.IsFound = found >= 0;
        path.Set(0, block, path.IsFound ? found : BlockSearch.LowerBound(block, key));
    }

    /// <summary>Closes the holes that the change left; every record and path seen before is void now.</summary>
    public void Settle() => blocks.Settle(this);

    /// <summary>Forgets everything and gives its memory back. Large values are not looked at.</summary>
    public void Clear()
    {
        Array.Clear(roots);
        blocks.Clear();
    }

    /// <summary>The allocator moved a block: its parent must learn the new place.</summary>
    internal void Repoint(byte* from, Block to)
    {
        // The way is found by any key under the block; a block is never empty.
        Block leaf = to;
        while (leaf.Level > 0) leaf = new Block(leaf[0].Child);
        ReadOnlySpan<byte> key = leaf.First.Key;

        var block = new Block((byte*)roots[to.Slot]);
        if (block.Address == from)
        {
            roots[to.Slot] = (nint)to.Address;
            return;
        }

        while (true)
        {
            Invariant.Holds(block.Level > to.Level, $"a block of slot {to.Slot} is not where its keys lead");
            Record entry = block[BlockSearch.ChildFor(block, key)];
            if (entry.Child == from)
            {
                entry.Child = to.Address;
                return;
            }

            block = new Block(entry.Child);
        }
    }

    private static byte Fingerprint(ReadOnlySpan<byte> key) => (byte)Crc32C.Compute(key);

    /// <summary>Lets the parent of the path's block at <paramref name="level"/>, or the slot, point to <paramref name="block"/>.</summary>
    private void Replace(ref BlockPath path, int level, Block block)
    {
        if (level == path.RootLevel) roots[path.Slot] = (nint)block.Address;
        else
        {
            Record entry = path.BlockAt(level + 1)[path.IndexAt(level + 1)];
            entry.Child = block.Address;
        }

        path.Set(level, block, path.IndexAt(level));
    }

    /// <summary>Moves the path's block at <paramref name="level"/> into one that holds <paramref name="bytes"/>, if its own does not, or
    /// wastes more than a step.</summary>
    private Block Fit(ref BlockPath path, int level, int bytes)
    {
        const int StepsOfSlack = 1; // so that a set and a delete in turn do not copy each time
        Block block = path.BlockAt(level);
        int wanted = BlockSizes.ClassOf(bytes);
        if (wanted <= block.SizeClass && block.SizeClass <= wanted + StepsOfSlack) return block;

        Block fitting = blocks.Allocate(path.Slot, level, bytes);
        fitting.Append(block, 0, block.Count);
        Replace(ref path, level, fitting);
        blocks.Discard(block);
        return fitting;
    }
}
