namespace Gache.Store;

/// <summary>Removing: blocks that shrink, merge and vanish.</summary>
internal sealed unsafe partial class BlockForest
{
    private const int MergeBelowBytes = BlockSizes.MaxBytes / 4;
    private const int MergedBytesMax = BlockSizes.MaxBytes / 4 * 3; // not to the brim, else the next insert splits again

    /// <summary>Removes the record that <see cref="Seek"/> found; the path is void.</summary>
    public void Remove(ref BlockPath path)
    {
        path.Leaf.Remove(path.IndexAt(0));
        Shrunk(ref path, 0);
    }

    private void Shrunk(ref BlockPath path, int level)
    {
        Block block = path.BlockAt(level);
        bool isRoot = level == path.RootLevel;
        if (block.Count == 0)
        {
            blocks.Discard(block);
            if (isRoot) roots[path.Slot] = 0;
            else RemoveChild(ref path, level + 1, path.IndexAt(level + 1));
        }
        else if (isRoot && level > 0 && block.Count == 1) DropRoot(path.Slot, block);
        else if (isRoot || block.Used >= MergeBelowBytes || !TryMerge(ref path, level)) Fit(ref path, level, block.Used);
    }

    private void RemoveChild(ref BlockPath path, int level, int i)
    {
        Block parent = path.BlockAt(level);
        parent.Remove(i);
        if (i == 0 && parent.Count > 0) ClearFirstSeparator(parent);
        Shrunk(ref path, level);
    }

    private void DropRoot(int slot, Block root)
    {
        while (root.Level > 0 && root.Count == 1)
        {
            var child = new Block(root.First.Child);
            blocks.Discard(root);
            root = child;
        }

        roots[slot] = (nint)root.Address;
    }

    private bool TryMerge(ref BlockPath path, int level)
    {
        Block parent = path.BlockAt(level + 1);
        int i = path.IndexAt(level + 1);
        return (i + 1 < parent.Count && TryMerge(ref path, level, i)) || (i > 0 && TryMerge(ref path, level, i - 1));
    }

    /// <summary>Makes one block of a parent's children <paramref name="i"/> and the next, if it stays well within a block.</summary>
    private bool TryMerge(ref BlockPath path, int level, int i)
    {
        Block parent = path.BlockAt(level + 1);
        var left = new Block(parent[i].Child);
        var right = new Block(parent[i + 1].Child);
        ReadOnlySpan<byte> separator = parent[i + 1].Key;
        int needed = left.Used + right.Used - Block.HeadBytes + (level > 0 ? separator.Length : 0);
        if (needed > MergedBytesMax) return false;

        Block merged = blocks.Allocate(path.Slot, level, needed);
        int seam = left.Count;
        merged.Append(left, 0, seam);
        merged.Append(right, 0, right.Count);
        if (level > 0)
        {
            // What was the right block's first child is one among others now and needs its separator again.
            RecordDraft restored = RecordDraft.ForChild(separator, merged[seam].Child);
            merged.Resize(seam, restored.Length).Write(restored);
        }

        Record entry = parent[i];
        entry.Child = merged.Address;
        blocks.Discard(left);
        blocks.Discard(right);
        RemoveChild(ref path, level + 1, i + 1);
        return true;
    }
}
