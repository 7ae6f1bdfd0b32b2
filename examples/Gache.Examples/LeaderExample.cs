namespace Gache.Examples;

/// <summary><c>leader NAME MYSELF</c>: prints "leads TERM" when it begins to lead and "follows" when it may not any more; see <c>shell/leader-election.sh</c>.</summary>
internal static class LeaderExample
{
    public static async Task<int> RunAsync(GacheClient gache, string name, string myself, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Lease? term;
            try
            {
                term = await Lease.TakeAsync(gache, name, myself, Settings.Ttl, TimeSpan.FromMinutes(1), stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break; // the server gives our place away as soon as the connection is closed
            }

            if (term is null) continue;
            Console.WriteLine($"leads {term.Token}");
            await term.KeepAsync(stop).ConfigureAwait(false); // the work of a leader goes beside this, and ends with it
            Console.WriteLine("follows");
            await term.GiveBackAsync().ConfigureAwait(false); // resigns, so that the next one leads at once
        }

        return 0;
    }
}
