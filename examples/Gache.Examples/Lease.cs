namespace Gache.Examples;

/// <summary>A key that is there for as long as it is renewed, and that one process at a time can create.</summary>
/// <remarks>
/// It ends, as this process counts, a time to live after the last renewal that was acknowledged *was sent*: the server counts from a later moment. The
/// revision of the key is the fencing token: it rises from holder to holder.
/// </remarks>
internal sealed class Lease
{
    private readonly GacheClient gache;
    private readonly string key;
    private readonly TimeSpan ttl;
    private long goodUntil; // by Environment.TickCount64

    private Lease(GacheClient gache, string key, TimeSpan ttl) => (this.gache, this.key, this.ttl) = (gache, key, ttl);

    /// <summary>The fencing token.</summary>
    public ulong Token { get; private init; }

    /// <summary>Whether it may still be relied upon.</summary>
    public bool IsGood => Environment.TickCount64 < goodUntil - (ttl / 6).TotalMilliseconds;

    /// <summary>Waits for the key in order of arrival; null if it was not to be had.</summary>
    public static async Task<Lease?> TakeAsync(GacheClient gache, string key, string holder, TimeSpan ttl, TimeSpan wait, CancellationToken cancel)
    {
        GacheAnswer taken = await gache.AskAsync(
            HttpMethod.Put, key, $"?ttl={ttl.TotalMilliseconds:0}ms&wait={wait.TotalMilliseconds:0}ms", holder, "If-None-Match: *", wait, cancel: cancel).ConfigureAwait(false);
        if (taken.Status != 201) return null;

        // Its time to live began somewhere while this process waited: a renewal makes it known.
        var lease = new Lease(gache, key, ttl) { Token = taken.Revision };
        return await lease.RenewAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(false) ? lease : null;
    }

    /// <summary>Renews it three times in each time to live, until it is lost or nobody wants it any more.</summary>
    public async Task KeepAsync(CancellationToken cancel)
    {
        while (IsGood && !cancel.IsCancellationRequested)
        {
            await Task.Delay(ttl / 3, cancel).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
            while (IsGood && !cancel.IsCancellationRequested && !await RenewAsync(TimeSpan.Zero).ConfigureAwait(false))
            {
                if (goodUntil == 0) return;
                await Task.Delay(100, CancellationToken.None).ConfigureAwait(false); // between two tries; IsGood ends them
            }
        }
    }

    /// <summary>Gives it back, if it is still ours.</summary>
    public Task GiveBackAsync() => gache.AskAsync(HttpMethod.Delete, key, condition: $"If-Match: {Token}", patience: TimeSpan.FromSeconds(3));

    private async Task<bool> RenewAsync(TimeSpan patience)
    {
        long sent = Environment.TickCount64;
        TimeSpan within = patience + ttl / 3;
        if (goodUntil != 0) within = TimeSpan.FromMilliseconds(Math.Clamp(goodUntil - (ttl / 6).TotalMilliseconds - sent, 1, within.TotalMilliseconds));
        using var deadline = new CancellationTokenSource(within);
        try
        {
            GacheAnswer renewed = await gache.AskAsync(
                HttpMethod.Post, key, $"?touch={ttl.TotalMilliseconds:0}ms", "", $"If-Match: {Token}", patience: patience, cancel: deadline.Token).ConfigureAwait(false);
            if (renewed.Status == 200) goodUntil = sent + (long)ttl.TotalMilliseconds;
            if (renewed.Status is 404 or 412) goodUntil = 0; // another's, or nobody's
            return renewed.Status == 200;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
