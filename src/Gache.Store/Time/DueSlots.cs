namespace Gache.Store;

/// <summary>The slots in which something will be over, the earliest first: a heap that knows where each slot stands.</summary>
/// <remarks>Follows from the records; kept so that nobody looks for them. Equal moments are in the order of their slots, on every replica.</remarks>
internal sealed class DueSlots
{
    private readonly List<(ulong At, int Slot)> heap = [];
    private readonly Dictionary<int, int> places = [];

    /// <summary>The earliest moment, in the shard's time; <see cref="ulong.MaxValue"/> if there is none.</summary>
    public ulong NextAt { get; private set; } = ulong.MaxValue;

    /// <summary>The slot that is due at <see cref="NextAt"/>.</summary>
    public int NextSlot => heap[0].Slot;

    /// <summary>Says when something in a slot is over; null: nothing ever.</summary>
    public void Set(int slot, ulong? at)
    {
        bool isThere = places.TryGetValue(slot, out int place);
        if (at is not { } moment)
        {
            if (isThere) RemoveAt(place);
        }
        else if (!isThere)
        {
            heap.Add(default);
            Rise(heap.Count - 1, (moment, slot));
        }
        else if (heap[place].At != moment)
        {
            Settle(place, (moment, slot));
        }

        NextAt = heap.Count == 0 ? ulong.MaxValue : heap[0].At;
    }

    public void Clear()
    {
        heap.Clear();
        places.Clear();
        NextAt = ulong.MaxValue;
    }

    private void RemoveAt(int place)
    {
        places.Remove(heap[place].Slot);
        (ulong At, int Slot) last = heap[^1];
        heap.RemoveAt(heap.Count - 1);
        if (place < heap.Count) Settle(place, last);
    }

    private void Settle(int place, (ulong At, int Slot) entry)
    {
        if (place > 0 && entry.CompareTo(heap[(place - 1) / 2]) < 0) Rise(place, entry);
        else Sink(place, entry);
    }

    private void Rise(int place, (ulong At, int Slot) entry)
    {
        while (place > 0 && entry.CompareTo(heap[(place - 1) / 2]) < 0)
        {
            Put(place, heap[(place - 1) / 2]);
            place = (place - 1) / 2;
        }

        Put(place, entry);
    }

    private void Sink(int place, (ulong At, int Slot) entry)
    {
        while (true)
        {
            int child = 2 * place + 1;
            if (child >= heap.Count) break;
            if (child + 1 < heap.Count && heap[child + 1].CompareTo(heap[child]) < 0) child++;
            if (entry.CompareTo(heap[child]) <= 0) break;
            Put(place, heap[child]);
            place = child;
        }

        Put(place, entry);
    }

    private void Put(int place, (ulong At, int Slot) entry)
    {
        heap[place] = entry;
        places[entry.Slot] = place;
    }
}
