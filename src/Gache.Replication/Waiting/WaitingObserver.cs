using Gache.Store;

namespace Gache.Replication;

/// <summary>Notes which of the keys that somebody waits for an applied entry changes. Told by the store only while somebody waits.</summary>
internal sealed class WaitingObserver(WaitingRequests waiting) : IChangeObserver
{
    /// <summary>Slots came or went, or the whole state: everybody who waits is to be looked at.</summary>
    public bool IsAllToSee { get; set; }

    /// <inheritdoc/>
    public void KeyChanged(in KeyChange change) => waiting.See(change.Key);

    /// <inheritdoc/>
    public void SlotChanged(int slot, in SlotState before, in SlotState after) => IsAllToSee = true;

    /// <inheritdoc/>
    public void StateReplaced() => IsAllToSee = true;
}
