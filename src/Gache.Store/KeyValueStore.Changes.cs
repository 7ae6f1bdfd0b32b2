namespace Gache.Store;

/// <summary>Who is told what changes.</summary>
public sealed partial class KeyValueStore
{
    private IChangeObserver[]? observers; // null: nobody

    /// <summary>Tells somebody of every change of keys and slots that an applied entry makes from now on; only the store's owner may call this.</summary>
    /// <param name="observer">Told after those who came before.</param>
    public void Observe(IChangeObserver observer)
    {
        observers = [.. observers ?? [], observer];
        ownership.Changed = TellSlot;
    }

    /// <summary>Tells somebody no more; only the store's owner may call this.</summary>
    public void StopObserving(IChangeObserver observer)
    {
        observers = observers?.Where(other => other != observer).ToArray() is { Length: > 0 } left ? left : null;
        if (observers is null) ownership.Changed = null;
    }

    private void Tell(KeyChangeKind kind, int slot, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value = default)
    {
        if (observers is null) return;
        var change = new KeyChange(kind, slot, key, value, Revision);
        foreach (IChangeObserver observer in observers) observer.KeyChanged(change);
    }

    private void TellSlot(int slot, in SlotState before, in SlotState after)
    {
        foreach (IChangeObserver observer in observers ?? []) observer.SlotChanged(slot, before, after);
    }

    private void TellReplaced()
    {
        foreach (IChangeObserver observer in observers ?? []) observer.StateReplaced();
    }
}
