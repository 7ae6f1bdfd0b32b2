namespace Gache.Store;

internal sealed unsafe partial class BlockForest
{
    /// <summary>Reads what will be read to find each of these keys, level by level for all of them: reads that do not depend on each other wait for
    /// memory together.</summary>
    /// <returns>Nothing of meaning; whoever keeps it keeps the compiler from leaving the reads out.</returns>
    public int ReadAhead(ReadOnlySpan<ReadOnlyMemory<byte>> keys, Span<ExpectedKey> expected)
    {
        foreach (ref ExpectedKey each in expected) each.Block = roots[each.Slot];
        for (bool isOnTheWay = true; isOnTheWay;)
        {
            isOnTheWay = false;
            foreach (ref ExpectedKey each in expected)
            {
                var block = new Block((byte*)each.Block);
                if (block.IsNone || block.Level == 0) continue;
                each.Block = (nint)block[BlockSearch.ChildFor(block, keys[each.Number].Span)].Child;
                isOnTheWay = true;
            }
        }

        int read = 0;
        foreach (ref ExpectedKey each in expected)
        {
            var leaf = new Block((byte*)each.Block);
            if (leaf.IsNone) continue;
            int likely = leaf.Fingerprints.IndexOf(Fingerprint(keys[each.Number].Span));
            if (likely < 0) continue;
            ReadOnlySpan<byte> record = leaf[likely].Bytes;
            read += record[0] + record[^1];
        }

        return read;
    }
}
