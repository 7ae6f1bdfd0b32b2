using Gache.Cluster.Calls.Wire;

namespace Gache.Cluster.Calls.Inbound;

/// <summary>The unanswered requests of one connection, and what they hold; says when to read on.</summary>
internal sealed class ServedRequests(ByteBudget budget)
{
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, ServedRequest> requests = [];
    private long bytes;
    private bool isClosed;
    private TaskCompletionSource? waiting;

    public int Count
    {
        get
        {
            lock (gate) return requests.Count;
        }
    }

    /// <summary>Adds a request that arrived; false if the bounds are reached with it, and nothing more is to be read until <see cref="RoomAsync"/>.</summary>
    public bool Add(ServedRequest request)
    {
        lock (gate)
        {
            if (isClosed)
            {
                budget.Return(request.HeldBytes);
                return false;
            }

            requests.Add(request.Id, request);
            bytes += request.HeldBytes;
            return HasRoom;
        }
    }

    /// <summary>Its answer takes the place of its body; false if nobody waits for it any more.</summary>
    public bool TryAnswer(ServedRequest request, int answerBytes)
    {
        lock (gate)
        {
            if (!requests.ContainsKey(request.Id)) return false;
            budget.Return(request.HeldBytes);
            budget.Take(answerBytes); // what was carried out cannot be refused any more; a handler of large answers asks for room before
            bytes += answerBytes - request.HeldBytes;
            request.HeldBytes = answerBytes;
            request.HasAnswer = true;
            WakeIfRoom();
            return true;
        }
    }

    /// <summary>Its answer is written.</summary>
    public void Remove(ulong id)
    {
        lock (gate) Release(id);
    }

    /// <summary>Forgets what nobody waits for any more; an answer that waits to be sent is held, so it still counts.</summary>
    public void Expire(long now)
    {
        lock (gate)
        {
            foreach ((ulong id, ServedRequest request) in requests)
            {
                if (!request.HasAnswer && request.Deadline <= now) Release(id);
            }
        }
    }

    /// <summary>Its caller gave it up.</summary>
    public void Abandon(ulong id)
    {
        lock (gate)
        {
            if (requests.TryGetValue(id, out ServedRequest? request) && !request.HasAnswer) Release(id);
        }
    }

    /// <summary>Completes when there is room, or the connection ended.</summary>
    public Task RoomAsync()
    {
        lock (gate)
        {
            if (HasRoom || isClosed) return Task.CompletedTask;
            waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return waiting.Task;
        }
    }

    /// <summary>Gives everything back; answers that still come are dropped.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
            foreach (ulong id in requests.Keys) Release(id);
            waiting?.TrySetResult();
        }
    }

    private bool HasRoom => requests.Count < CallLimits.MaxServedRequests && bytes < CallLimits.MaxServedBytes;

    private void Release(ulong id)
    {
        if (!requests.Remove(id, out ServedRequest? request)) return;
        if (!request.HasAnswer) request.Abandon();
        budget.Return(request.HeldBytes);
        bytes -= request.HeldBytes;
        WakeIfRoom();
    }

    private void WakeIfRoom()
    {
        if (!HasRoom || waiting is null) return;
        waiting.TrySetResult();
        waiting = null;
    }
}
