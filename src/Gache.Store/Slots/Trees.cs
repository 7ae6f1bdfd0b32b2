namespace Gache.Store;

/// <summary>Which tree of the forest holds what of a slot: its keys are in the tree of its own number, its idempotency records in another one.</summary>
/// <remarks>So whatever belongs to a slot is found by it, and snapshots, checksums and moves treat both alike. Part of the snapshot's format.</remarks>
internal static class Trees
{
    public const int Count = 2 * Slot.Count;

    /// <summary>The tree of a slot's idempotency records.</summary>
    public static int IdempotencyOf(int slot) => Slot.Count + slot;

    public static bool IsOfKeys(int tree) => tree < Slot.Count;
}
