using System.Runtime.CompilerServices;

namespace Gache.Store;

/// <summary>Inserting and replacing: blocks that grow and split.</summary>
internal sealed unsafe partial class BlockForest
{
    /// <summary>Writes a record at the place that <see cref="Seek"/> found for its key, instead of the one that is there.</summary>
    /// <returns>The record as written; the path is void.</returns>
    public Record Put(ref BlockPath path, in RecordDraft draft)
    {
        if (path.RootLevel < 0) return PlantRoot(in path, draft);
        if (!path.IsFound) return Insert(ref path, 0, path.IndexAt(0), draft, path.Fingerprint);

        Block leaf = path.Leaf;
        int i = path.IndexAt(0);
        int grown = draft.Length - leaf[i].Length;
        if (leaf.Used + grown > BlockSizes.MaxBytes)
        {
            leaf.Remove(i);
            return Insert(ref path, 0, i, draft, path.Fingerprint);
        }

        // Before it grows the block must have the room, after it shrank it may lose some.
        if (grown > 0) leaf = Fit(ref path, 0, leaf.Used + grown);
        Record record = leaf.Resize(i, draft.Length);
        record.Write(draft);
        return grown < 0 ? Fit(ref path, 0, leaf.Used)[i] : record;
    }

    private Record PlantRoot(in BlockPath path, in RecordDraft draft)
    {
        Block leaf = blocks.Allocate(path.Slot, 0, Block.HeadBytes + Block.IndexBytes + draft.Length);
        roots[path.Slot] = (nint)leaf.Address;
        Record record = leaf.Insert(0, draft.Length, path.Fingerprint);
        record.Write(draft);
        return record;
    }

    private Record Insert(ref BlockPath path, int level, int i, in RecordDraft draft, byte fingerprint)
    {
        int needed = path.BlockAt(level).Used + Block.IndexBytes + draft.Length;
        if (needed > BlockSizes.MaxBytes) return Split(ref path, level, i, draft, fingerprint);

        Record record = Fit(ref path, level, needed).Insert(i, draft.Length, fingerprint);
        record.Write(draft);
        return record;
    }

    /// <summary>Inserts into a full block by making two of it, and tells the parent.</summary>
    [SkipLocalsInit]
    private Record Split(ref BlockPath path, int level, int i, in RecordDraft draft, byte fingerprint)
    {
        Block full = path.BlockAt(level);
        int count = full.Count;
        Block left;
        Block right;
        Record record;
        if (i == count)
        {
            // Keys that arrive in order (a restored snapshot, counters, times) leave full blocks behind.
            left = full;
            right = blocks.Allocate(path.Slot, level, Block.HeadBytes + Block.IndexBytes + draft.Length);
            record = right.Insert(0, draft.Length, fingerprint);
        }
        else
        {
            int cut = Cut(full, i, draft.Length, out int leftBytes, out int rightBytes);
            bool isLeft = i < cut;
            int moved = isLeft ? cut - 1 : cut; // the cut counts the new record too
            left = blocks.Allocate(path.Slot, level, leftBytes);
            right = blocks.Allocate(path.Slot, level, rightBytes);
            left.Append(full, 0, moved);
            right.Append(full, moved, count);
            record = isLeft
                ? left.Insert(i, draft.Length, fingerprint)
                : right.Insert(i - moved, draft.Length, fingerprint);
            blocks.Discard(full);
        }

        record.Write(draft);
        Span<byte> separator = stackalloc byte[MaxKeyBytes];
        separator = separator[..TakeSeparator(left, right, separator)];
        Replace(ref path, level, left);
        if (level == path.RootLevel) GrowRoot(path.Slot, left, right, separator);
        else Insert(ref path, level + 1, path.IndexAt(level + 1) + 1, RecordDraft.ForChild(separator, right.Address), 0);
        return record;
    }

    /// <summary>Where to cut a block, counting a record inserted at <paramref name="inserted"/>, so that both parts are nearly equal.</summary>
    private static int Cut(Block block, int inserted, int insertedLength, out int leftBytes, out int rightBytes)
    {
        int total = block.Used + Block.IndexBytes + insertedLength;
        int left = Block.HeadBytes;
        int cut = 0;
        while (true)
        {
            int length = cut == inserted ? insertedLength : block[cut < inserted ? cut : cut - 1].Length;
            int next = left + Block.IndexBytes + length;
            bool isCloser = Math.Max(next, total - next) < Math.Max(left, total - left);
            if (cut > 0 && !isCloser) break;
            left = next;
            cut++;
        }

        leftBytes = left;
        rightBytes = total - left + Block.HeadBytes;
        return cut;
    }

    /// <summary>The separator for the parent: of leaves the shortest that tells them apart, of inner blocks the right one's first.</summary>
    private static int TakeSeparator(Block left, Block right, Span<byte> separator)
    {
        ReadOnlySpan<byte> first = right.First.Key;
        if (right.Level == 0)
        {
            int length = left.Last.Key.CommonPrefixLength(first) + 1;
            first[..length].CopyTo(separator);
            return length;
        }

        first.CopyTo(separator);
        int taken = first.Length;
        ClearFirstSeparator(right);
        return taken;
    }

    /// <summary>The first child's separator is never looked at, so it takes no room.</summary>
    private static void ClearFirstSeparator(Block inner)
    {
        byte* child = inner.First.Child;
        inner.Resize(0, Record.HeadBytes).Write(RecordDraft.ForChild(default, child));
    }

    private void GrowRoot(int slot, Block left, Block right, ReadOnlySpan<byte> separator)
    {
        RecordDraft first = RecordDraft.ForChild(default, left.Address);
        RecordDraft second = RecordDraft.ForChild(separator, right.Address);
        int needed = Block.HeadBytes + 2 * Block.IndexBytes + first.Length + second.Length;
        Block root = blocks.Allocate(slot, left.Level + 1, needed);
        root.Insert(0, first.Length, 0).Write(first);
        root.Insert(1, second.Length, 0).Write(second);
        roots[slot] = (nint)root.Address;
    }
}
