namespace Gache.Replication;

/// <summary>Since when the writes of a queue have waited: a time for all that came together, so that none is asked for a single write.</summary>
/// <remarks>The queue is first in, first out; here only its length is told, whenever it has changed.</remarks>
internal sealed class WaitingSince
{
    private readonly Queue<(long Since, int Writes)> groups = new(); // as many as there are writes that wait, at most
    private int count;
    private int goneOfFirst;

    /// <summary>When the first of the queue arrived; 0 if it is empty.</summary>
    public long Oldest => groups.TryPeek(out (long Since, int Writes) first) ? first.Since : 0;

    /// <summary>Whether the queue was another length when it was told last.</summary>
    public bool Differs(int length) => length != count;

    /// <summary>The queue has this length now: those that are gone went from its front, those that came stand at its end.</summary>
    /// <param name="length">How many wait.</param>
    /// <param name="since">When the oldest of those that came arrived.</param>
    public void Note(int length, long since)
    {
        if (length > count) groups.Enqueue((since, length - count));
        int gone = count - length;
        while (gone > 0)
        {
            int left = groups.Peek().Writes - goneOfFirst;
            if (left > gone)
            {
                goneOfFirst += gone;
                break;
            }

            gone -= left;
            goneOfFirst = 0;
            groups.Dequeue();
        }

        count = length;
    }
}
