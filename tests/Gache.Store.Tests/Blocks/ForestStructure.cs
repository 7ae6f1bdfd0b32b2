using Xunit;

namespace Gache.Store.Tests;

/// <summary>Checks that a forest is as its description says, block by block.</summary>
internal static unsafe class ForestStructure
{
    /// <summary>Walks all blocks; returns how many there are.</summary>
    public static long Check(BlockForest forest)
    {
        long blocks = 0;
        long bytes = 0;
        BlockPath path = default;
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            if (forest.IsEmpty(slot)) continue;
            forest.Seek(slot, default, ref path);
            Check(path.BlockAt(path.RootLevel), slot, path.RootLevel, null, null, ref blocks, ref bytes);
        }

        Assert.Equal(bytes, forest.UsedBytes);
        return blocks;
    }

    private static void Check(Block block, int slot, int level, byte[]? from, byte[]? to, ref long blocks, ref long bytes)
    {
        blocks++;
        bytes += block.Capacity;
        Assert.Equal(slot, block.Slot);
        Assert.Equal(level, block.Level);
        Assert.InRange(block.Count, 1, BlockSizes.MaxBytes / Record.HeadBytes);
        Assert.InRange(block.Used, 1, block.Capacity);
        Assert.InRange(block.Capacity, 1, BlockSizes.MaxBytes);

        byte[]? before = null;
        for (int i = 0; i < block.Count; i++)
        {
            byte[] key = block[i].Key.ToArray();
            if (level == 0)
            {
                if (from is not null) Assert.True(key.AsSpan().SequenceCompareTo(from) >= 0, "a key is below its separator");
                if (to is not null) Assert.True(key.AsSpan().SequenceCompareTo(to) < 0, "a key is not below the next separator");
                if (before is not null) Assert.True(before.AsSpan().SequenceCompareTo(key) < 0, "keys are out of order");
                Assert.Equal(i, BlockSearch.Find(block, key, block.Fingerprints[i]));
            }
            else
            {
                if (i == 0) Assert.Empty(key);
                else if (i > 1) Assert.True(before.AsSpan().SequenceCompareTo(key) < 0, "separators are out of order");
                byte[]? childTo = i + 1 < block.Count ? block[i + 1].Key.ToArray() : to;
                Check(new Block(block[i].Child), slot, level - 1, i == 0 ? from : key, childTo, ref blocks, ref bytes);
            }

            before = key;
        }
    }
}
