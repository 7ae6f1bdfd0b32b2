namespace Gache.Examples;

/// <summary><c>config KEY</c>: prints "REVISION VALUE", and again as soon as it changes; see <c>shell/config-reload.sh</c>.</summary>
internal static class ConfigExample
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(GacheClient gache, string key, CancellationToken stop)
    {
        ulong known = 0;
        bool isGone = false;
        while (true)
        {
            GacheAnswer answer = known == 0
                ? await gache.AskAsync(HttpMethod.Get, key, cancel: stop).ConfigureAwait(false)
                : await gache.AskAsync(HttpMethod.Get, key, "?wait=30s", condition: $"If-None-Match: {known}", wait: Wait, cancel: stop).ConfigureAwait(false);
            switch (answer.Status)
            {
                case 200:
                    (known, isGone) = (answer.Revision, false);
                    Console.WriteLine($"{known} {answer.Body}");
                    break;
                case 304:
                    break; // nothing new in 30 seconds
                case 404:
                    if (!isGone) Console.WriteLine("gone");
                    (known, isGone) = (0, true);
                    await Task.Delay(500, stop).ConfigureAwait(false); // there is no revision to wait for
                    break;
                default:
                    await Task.Delay(1_000, stop).ConfigureAwait(false); // nobody answers: what is known stays in use
                    break;
            }
        }
    }
}
