using Gache.Primitives;

namespace Gache.Replication;

/// <summary>Requests that wait for a key to become what they ask for, or for a revision; found by key, by revision and by the end of their wait.</summary>
/// <param name="maxRequests">How many may wait at once (P10).</param>
/// <param name="maxBytes">How many bytes of commands and keys they may hold together (P10).</param>
internal sealed class WaitingRequests(int maxRequests, long maxBytes)
{
    private readonly Dictionary<byte[], WaitingKey> keys = new(ByteKeys.Instance);
    private readonly SortedDictionary<(long Tick, long Number), WaitingRequest> ends = [];
    private readonly SortedDictionary<(ulong Revision, long Number), WaitingRequest> revisions = [];
    private readonly Queue<WaitingKey> toSee = new();
    private long bytes;
    private long numbers;

    /// <summary>How many wait.</summary>
    public int Count => ends.Count;

    /// <summary>True if something is to be looked at.</summary>
    public bool AreAnyToSee => toSee.Count > 0;

    /// <summary>All of them, in order of arrival.</summary>
    public IReadOnlyList<WaitingRequest> InOrder => [.. ends.Values.OrderBy(request => request.Number)];

    /// <summary>Lets a request wait for its key.</summary>
    /// <returns>The key's requests; null if the bounds are reached.</returns>
    public WaitingKey? TryAdd(WaitingRequest request)
    {
        if (!TryHold(request, request.UntilTick)) return null;
        if (!BySpan.TryGetValue(request.Key.Span, out WaitingKey? key))
        {
            key = new WaitingKey(request.Key.ToArray(), request.Slot);
            keys.Add(key.Key, key);
        }

        request.Place = key.Requests.AddLast(request);
        return key;
    }

    /// <summary>Lets a request wait for a revision.</summary>
    /// <returns>False if the bounds are reached.</returns>
    public bool TryAdd(WaitingRequest request, ulong revision, long untilTick)
    {
        if (!TryHold(request, untilTick)) return false;
        request.AwaitedRevision = revision;
        revisions.Add((revision, request.Number), request);
        return true;
    }

    /// <summary>The requests for a key; null if there are none.</summary>
    public WaitingKey? Of(ReadOnlySpan<byte> key) => BySpan.TryGetValue(key, out WaitingKey? found) ? found : null;

    /// <summary>A key changed.</summary>
    public void See(ReadOnlySpan<byte> key)
    {
        if (Of(key) is { } changed) See(changed);
    }

    /// <summary>The requests for a key are to be looked at.</summary>
    public void See(WaitingKey key)
    {
        if (key.IsToSee) return;
        key.IsToSee = true;
        toSee.Enqueue(key);
    }

    /// <summary>Everything may have changed.</summary>
    public void SeeAll()
    {
        foreach (WaitingKey key in keys.Values) See(key);
    }

    /// <summary>The next key whose requests are to be looked at, or null.</summary>
    public WaitingKey? TakeToSee()
    {
        if (!toSee.TryDequeue(out WaitingKey? key)) return null;
        key.IsToSee = false;
        return key;
    }

    /// <summary>The requests that wait for revisions, the earliest first.</summary>
    public IEnumerable<WaitingRequest> ForRevisions => revisions.Values;

    /// <summary>The next request that waits for no later revision than this; it stays where it is.</summary>
    public WaitingRequest? FirstUpTo(ulong revision)
    {
        foreach (((ulong awaited, _), WaitingRequest request) in revisions) return awaited <= revision ? request : null;
        return null;
    }

    /// <summary>The next request whose wait is over; it stays where it is.</summary>
    public WaitingRequest? FirstEnded(long nowTick)
    {
        foreach (((long end, _), WaitingRequest request) in ends) return end <= nowTick ? request : null;
        return null;
    }

    /// <summary>A request's wait is over, and it keeps its place until its try is decided.</summary>
    public void Postpone(WaitingRequest request, long untilTick)
    {
        ends.Remove((request.EndTick, request.Number));
        request.EndTick = untilTick;
        ends.Add((untilTick, request.Number), request);
    }

    /// <summary>A request waits no more.</summary>
    public void Remove(WaitingRequest request)
    {
        if (!ends.Remove((request.EndTick, request.Number))) return;
        bytes -= request.Operation.QueuedBytes;
        if (request.AwaitedRevision != 0) revisions.Remove((request.AwaitedRevision, request.Number));
        request.AwaitedRevision = 0;
        if (request.Place is not { } place) return;
        LinkedList<WaitingRequest> among = place.List!;
        among.Remove(place);
        request.Place = null;
        if (among.Count == 0) BySpan.Remove(request.Key.Span);
    }

    private Dictionary<byte[], WaitingKey>.AlternateLookup<ReadOnlySpan<byte>> BySpan => keys.GetAlternateLookup<ReadOnlySpan<byte>>();

    private bool TryHold(WaitingRequest request, long untilTick)
    {
        if (ends.Count >= maxRequests || bytes + request.Operation.QueuedBytes > maxBytes) return false;
        bytes += request.Operation.QueuedBytes;
        request.Number = request.Number == 0 ? ++numbers : request.Number;
        request.EndTick = untilTick;
        ends.Add((untilTick, request.Number), request);
        return true;
    }
}
