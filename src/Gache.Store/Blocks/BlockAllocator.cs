using Gache.Primitives;

namespace Gache.Store;

/// <summary>Gives out and takes back blocks. There is no free list and so no fragmentation: the last block of a size moves into the hole.</summary>
/// <remarks>Only <see cref="Settle"/> moves blocks. Between two calls of it every address stays good.</remarks>
internal sealed unsafe class BlockAllocator(NativeLedger ledger)
{
    private const int DeadAtMost = 256; // a change frees at most three blocks a level

    private readonly SlabStack[] stacks = new SlabStack[BlockSizes.Count];
    private readonly SlabPool pool = new(ledger);
    private readonly nint[] dead = new nint[DeadAtMost];
    private int deadCount;

    /// <summary>What living blocks take, in bytes.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Makes an empty block that holds at least <paramref name="bytes"/>.</summary>
    public Block Allocate(int slot, int level, int bytes)
    {
        int sizeClass = BlockSizes.ClassOf(bytes);
        int capacity = BlockSizes.CapacityOf(sizeClass);
        var block = new Block(stacks[sizeClass].Push(capacity, pool));
        block.Initialize(slot, level, sizeClass);
        UsedBytes += capacity;
        return block;
    }

    /// <summary>Gives a block back; its place is filled by the next <see cref="Settle"/>.</summary>
    public void Discard(Block block)
    {
        Invariant.Holds(deadCount < DeadAtMost, "one change freed too many blocks");
        block.MarkDead();
        dead[deadCount++] = (nint)block.Address;
    }

    /// <summary>Closes the holes that discarded blocks left.</summary>
    /// <param name="forest">Is told of every block that moved.</param>
    public void Settle(BlockForest forest)
    {
        for (int i = 0; i < deadCount; i++)
        {
            if (dead[i] == 0) continue;

            var hole = new Block((byte*)dead[i]);
            int sizeClass = hole.SizeClass;
            int capacity = hole.Capacity;
            ref SlabStack stack = ref stacks[sizeClass];
            var last = new Block(stack.Last(capacity));

            // A dead one at the top fills no hole; it goes first.
            while (last.Count == 0 && last.Address != hole.Address)
            {
                dead[Array.IndexOf(dead, (nint)last.Address, i, deadCount - i)] = 0;
                Pop(ref stack, capacity);
                last = new Block(stack.Last(capacity));
            }

            if (last.Address != hole.Address)
            {
                Buffer.MemoryCopy(last.Address, hole.Address, capacity, capacity);
                forest.Repoint(last.Address, hole);
            }

            Pop(ref stack, capacity);
        }

        deadCount = 0;
    }

    /// <summary>Gives all memory back.</summary>
    public void Clear()
    {
        foreach (ref SlabStack stack in stacks.AsSpan()) stack.Clear(pool);
        pool.Clear();
        deadCount = 0;
        UsedBytes = 0;
    }

    private void Pop(ref SlabStack stack, int capacity)
    {
        stack.Pop(pool);
        UsedBytes -= capacity;
    }
}
