using System.Globalization;

namespace Gache.Examples;

/// <summary><c>queue add NAME JOB</c> and <c>queue work NAME</c>: each job is done at least once, none is lost; the keys are told in <c>shell/work-queue.sh</c>.</summary>
internal sealed class QueueExample(GacheClient gache, string name, CancellationToken stop)
{
    private static readonly TimeSpan DeadProducer = TimeSpan.FromSeconds(10);

    private readonly Dictionary<long, long> missing = []; // number -> when it was first missed

    /// <summary>Puts a job into the queue.</summary>
    public async Task<int> AddAsync(string job)
    {
        while (true)
        {
            GacheAnswer tail = await gache.AskAsync(HttpMethod.Post, Key("tail"), "?add=1", "", cancel: stop).ConfigureAwait(false);
            if (tail.Status != 200) return 2;
            GacheAnswer put = await gache.AskAsync(HttpMethod.Put, Key($"job-{tail.Body}"), body: job, condition: "If-None-Match: *", cancel: stop).ConfigureAwait(false);
            if (put.Status == 412) continue; // a worker took us for dead and filled our place: the next number
            if (put.Status != 201) return 2;

            // A producer that was asleep for long may find its place passed: a job that is not done, behind the head, is nobody's.
            if (await NumberAsync("head").ConfigureAwait(false) is not { } head) return 2;
            if (head < long.Parse(tail.Body, CultureInfo.InvariantCulture)) return 0;
            GacheAnswer stored = await gache.AskAsync(HttpMethod.Get, Key($"job-{tail.Body}"), cancel: stop).ConfigureAwait(false);
            if (stored is not { Status: 200, Body.Length: > 0 }) return 0;
        }
    }

    /// <summary>Prints jobs one after the other, until the queue has been empty for so long.</summary>
    public async Task<int> WorkAsync(TimeSpan idle)
    {
        for (long since = Environment.TickCount64; Environment.TickCount64 - since < idle.TotalMilliseconds;)
        {
            if (await NumberAsync("head").ConfigureAwait(false) is not { } head || await NumberAsync("tail").ConfigureAwait(false) is not { } tail) return 2;
            for (long number = head + 1; number <= tail; number++)
            {
                GacheAnswer job = await gache.AskAsync(HttpMethod.Get, Key($"job-{number}"), cancel: stop).ConfigureAwait(false);
                if (job.Status == 404) await FillAsync(number).ConfigureAwait(false);
                if (job.Status == 200 && job.Body.Length == 0 && number == head + 1)
                {
                    if (!await MoveHeadAsync(number).ConfigureAwait(false)) break;
                    head = number;
                }

                if (job.Status == 200 && job.Body.Length > 0 && await DoAsync(number, job).ConfigureAwait(false)) since = Environment.TickCount64;
                if (job.Status is not (200 or 404)) break; // nobody answers
            }

            await Task.Delay(200, stop).ConfigureAwait(false); // there is no job: look again
        }

        return 0;
    }

    /// <summary>Does a job that nobody else works on; false if somebody does.</summary>
    private async Task<bool> DoAsync(long number, GacheAnswer job)
    {
        // It expires, so that another takes over what a dead worker left.
        GacheAnswer claim = await gache.AskAsync(
            HttpMethod.Put, Key($"claim-{number}"), $"?ttl={Settings.Claim.TotalMilliseconds:0}ms", Environment.MachineName, "If-None-Match: *", cancel: stop).ConfigureAwait(false);
        if (claim.Status != 201) return false;
        Console.WriteLine(job.Body); // the work
        await gache.AskAsync(HttpMethod.Put, Key($"job-{number}"), "?ttl=1h", "", $"If-Match: {job.Revision}", cancel: stop).ConfigureAwait(false);
        await gache.AskAsync(HttpMethod.Delete, Key($"claim-{number}"), condition: $"If-Match: {claim.Revision}", cancel: stop).ConfigureAwait(false);
        return true;
    }

    /// <summary>Its producer has the number and has not written yet, or died in between: after ten seconds the place is filled.</summary>
    private async Task FillAsync(long number)
    {
        missing.TryAdd(number, Environment.TickCount64);
        if (Environment.TickCount64 - missing[number] < DeadProducer.TotalMilliseconds) return;
        await gache.AskAsync(HttpMethod.Put, Key($"job-{number}"), "?ttl=1h", "", "If-None-Match: *", cancel: stop).ConfigureAwait(false);
    }

    /// <summary>Only from the number before: a worker with an old picture moves nothing back or too far.</summary>
    private async Task<bool> MoveHeadAsync(long number) =>
        (await gache.AskAsync(HttpMethod.Post, Key("head"), $"?add=1&max={number}", "", cancel: stop).ConfigureAwait(false)) is { Status: 200 } moved
        && moved.Body == number.ToString(CultureInfo.InvariantCulture);

    private async Task<long?> NumberAsync(string counter)
    {
        GacheAnswer answer = await gache.AskAsync(HttpMethod.Get, Key(counter), cancel: stop).ConfigureAwait(false);
        return answer.Status switch { 200 => long.Parse(answer.Body, CultureInfo.InvariantCulture), 404 => 0, _ => null };
    }

    /// <summary>All keys of a queue have its name as tag, and so stand in one slot.</summary>
    private string Key(string rest) => $"{{{name}}}{rest}";
}
