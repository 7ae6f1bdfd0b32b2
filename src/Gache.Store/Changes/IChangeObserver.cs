namespace Gache.Store;

/// <summary>Is told what applied entries change, in their order, by the store's owner while it applies.</summary>
/// <remarks>
/// So an observer must be quick, must not throw, and must not call the store. It is told the same on every replica at the same index, and
/// changes nothing that is replicated.
/// </remarks>
public interface IChangeObserver
{
    /// <summary>A key changed; the store has the new state already.</summary>
    void KeyChanged(in KeyChange change);

    /// <summary>A slot's state changed, and stands.</summary>
    /// <param name="slot">0 to 16,383.</param>
    /// <param name="before">What it was to this shard.</param>
    /// <param name="after">What it is now.</param>
    void SlotChanged(int slot, in SlotState before, in SlotState after)
    {
    }

    /// <summary>The whole state was replaced by a snapshot's, without its changes being told.</summary>
    void StateReplaced()
    {
    }
}
