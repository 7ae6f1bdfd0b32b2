using Gache.Primitives;

namespace Gache.Store;

/// <summary>The other end of a slot's move, while there is one.</summary>
/// <param name="Peer">The other shard: the target at the source, the source at the target.</param>
/// <param name="Stream">At the target: the stream that is being received. A later attempt of the source has a higher number.</param>
/// <param name="NextChunk">At the target: the chunk that comes next; <see cref="NoMoreChunks"/> once the import is being emptied.</param>
public readonly record struct SlotTransfer(ShardId Peer, ulong Stream = 0, ulong NextChunk = 0)
{
    /// <summary>No chunk of this stream is taken any more.</summary>
    public const ulong NoMoreChunks = ulong.MaxValue;

    /// <summary>At the target of a move that was given up, while what it has is deleted.</summary>
    public static SlotTransfer OfDropped(ShardId peer) => new(peer, 0, NoMoreChunks);

    /// <summary>With <see cref="SlotPhase.Cleaning"/>: what is deleted was never owned.</summary>
    public bool IsDropped => NextChunk == NoMoreChunks;
}

/// <summary>What a slot is to this shard.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Epoch">The epoch of the phase: of our ownership, of the import, or (with <see cref="SlotPhase.Handed"/> and after) of the new owner's.</param>
/// <param name="Transfer">The other end, in the phases that have one.</param>
public readonly record struct SlotState(SlotPhase Phase, ulong Epoch, SlotTransfer Transfer)
{
    /// <summary>Whether keys of the slot are read and written here.</summary>
    public bool IsServed => Phase is SlotPhase.Owned or SlotPhase.Leaving or SlotPhase.Keeping;
}
