using System.Runtime.InteropServices;
using Gache.Examples;

// Each example is one file; this one only reads the command line. What they do: ../README.md.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var gache = GacheClient.FromEnvironment();
try
{
    return args switch
    {
        ["lock", var name, .. { Length: > 0 } command] => await LockExample.RunAsync(gache, name, command, stop.Token).ConfigureAwait(false),
        ["leader", var name, var myself] => await LeaderExample.RunAsync(gache, name, myself, stop.Token).ConfigureAwait(false),
        ["rate-limit", var name, var limit, var window] => await RateLimitExample.RunAsync(gache, name, limit, window, stop.Token).ConfigureAwait(false),
        ["config", var key] => await ConfigExample.RunAsync(gache, key, stop.Token).ConfigureAwait(false),
        ["queue", "add", var name, var job] => await new QueueExample(gache, name, stop.Token).AddAsync(job).ConfigureAwait(false),
        ["queue", "work", var name] => await new QueueExample(gache, name, stop.Token).WorkAsync(Settings.Idle).ConfigureAwait(false),
        _ => Usage(),
    };
}
catch (OperationCanceledException)
{
    return 0;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

static int Usage()
{
    Console.Error.WriteLine("lock NAME COMMAND… | leader NAME MYSELF | rate-limit NAME LIMIT WINDOW | config KEY | queue add NAME JOB | queue work NAME");
    return 64;
}
