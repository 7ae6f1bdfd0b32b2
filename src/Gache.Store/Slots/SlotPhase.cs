namespace Gache.Store;

/// <summary>What a slot is to this shard, as the shard's own log says. Only these transitions exist (design: Moving slots):</summary>
/// <remarks>
/// Source: <see cref="Owned"/> → <see cref="Leaving"/> → <see cref="Handed"/> → <see cref="Cleaning"/> → <see cref="None"/>; or, given up
/// before it was handed, <see cref="Leaving"/> → <see cref="Keeping"/> → <see cref="Owned"/>.
/// Target: <see cref="None"/> → <see cref="Importing"/> → <see cref="Owned"/>; or dropped, <see cref="Importing"/> → <see cref="Cleaning"/> →
/// <see cref="Dropped"/>, which is as <see cref="None"/> for all that comes after.
/// </remarks>
public enum SlotPhase : byte
{
    /// <summary>Another shard's, or nobody's.</summary>
    None,

    /// <summary>Owned and served.</summary>
    Owned,

    /// <summary>Owned and served, and on its way to another shard.</summary>
    Leaving,

    /// <summary>Given to another shard, which has not confirmed that it owns it: served by nobody.</summary>
    Handed,

    /// <summary>Not ours any more: its records are being deleted in slices.</summary>
    Cleaning,

    /// <summary>Owned and served again after a move was given up; the other shard is still to be told to drop what it has.</summary>
    Keeping,

    /// <summary>Being received from another shard; not served.</summary>
    Importing,

    /// <summary>Another shard's, whose move to here was given up: this epoch was never owned here, however high it is.</summary>
    Dropped,
}
