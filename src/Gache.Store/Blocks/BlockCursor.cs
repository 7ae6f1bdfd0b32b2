namespace Gache.Store;

/// <summary>Walks one slot's records in byte order; void as soon as the forest changes. To go on later, seek behind the last key seen.</summary>
internal unsafe struct BlockCursor
{
    private BlockPath path;
    private bool isAtEnd;

    public readonly bool IsAtEnd => isAtEnd;

    /// <summary>The record it stands on, unless <see cref="IsAtEnd"/>.</summary>
    public readonly Record Record => path.Record;

    /// <summary>Goes to the first record behind <paramref name="key"/>; an empty key is before all.</summary>
    public void SeekBehind(BlockForest forest, int slot, ReadOnlySpan<byte> key)
    {
        SeekFrom(forest, slot, key);
        if (!isAtEnd && path.IsFound) MoveNext();
    }

    /// <summary>Goes to the first record that is not before <paramref name="key"/>.</summary>
    public void SeekFrom(BlockForest forest, int slot, ReadOnlySpan<byte> key)
    {
        forest.Seek(slot, key, ref path);
        isAtEnd = path.RootLevel < 0;
        if (!isAtEnd && path.IndexAt(0) == path.Leaf.Count) NextLeaf();
    }

    public void MoveNext()
    {
        int next = path.IndexAt(0) + 1;
        if (next < path.Leaf.Count) path.Set(0, path.Leaf, next);
        else NextLeaf();
    }

    private void NextLeaf()
    {
        int level = 1;
        while (level <= path.RootLevel && path.IndexAt(level) + 1 == path.BlockAt(level).Count) level++;
        if (level > path.RootLevel)
        {
            isAtEnd = true;
            return;
        }

        Block block = path.BlockAt(level);
        int index = path.IndexAt(level) + 1;
        path.Set(level, block, index);
        for (; level > 0; level--)
        {
            block = new Block(block[index].Child);
            index = 0;
            path.Set(level - 1, block, index);
        }
    }
}
