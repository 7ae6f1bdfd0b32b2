namespace Gache.Store;

/// <summary>Walking over what is there.</summary>
internal sealed unsafe partial class BlockForest
{
    public bool IsEmpty(int slot) => roots[slot] == 0;

    /// <summary>The first record of a tree.</summary>
    public bool TryFirst(int slot, out Record record)
    {
        record = default;
        var block = new Block((byte*)roots[slot]);
        if (block.IsNone) return false;
        while (block.Level > 0) block = new Block(block.First.Child);
        record = block.First;
        return true;
    }

    /// <summary>Gives back every large value that a record refers to; the forest is cleared next.</summary>
    public void ReleaseLargeValues(NativeLedger ledger)
    {
        var cursor = default(BlockCursor);
        for (int slot = 0; slot < Trees.Count; slot++)
        {
            if (IsEmpty(slot)) continue;
            for (cursor.SeekBehind(this, slot, default); !cursor.IsAtEnd; cursor.MoveNext())
            {
                if (cursor.Record.IsLarge) cursor.Record.Large.Release(ledger);
            }
        }
    }
}
