using System.Runtime.InteropServices;

namespace Gache.Server.Hosting;

/// <summary>SIGTERM and SIGINT ask the node to stop; a second one ends it at once; SIGHUP is ignored.</summary>
internal sealed class Signals : IDisposable
{
    /// <summary>What shells and supervisors expect of a process that a signal ended.</summary>
    private const int SignalExitBase = 128;

    private readonly TaskCompletionSource<PosixSignal> stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] registrations;
    private int asked; // by signals, and not by the end of stdin

    /// <summary>Takes the signals over.</summary>
    public Signals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnStop),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnStop),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true), // a closed terminal stops no database
    ];

    /// <summary>Completes with the first signal that asks to stop, or when stdin has ended.</summary>
    public Task<PosixSignal> Stop => stop.Task;

    /// <summary>Takes the end of <paramref name="stdin"/> for a SIGTERM, but not for one of two signals: Ctrl-C on a terminal may reach a node after it made the
    /// playground close the node's stdin.</summary>
    /// <remarks>The read blocks a thread of its own and is never waited for. What is read counts for nothing.</remarks>
    public void StopWhenEnds(Stream stdin)
    {
        var thread = new Thread(() =>
        {
            Span<byte> ignored = stackalloc byte[256];
            try
            {
                while (stdin.Read(ignored) > 0) { }
            }
            catch (IOException)
            {
                // A broken pipe has ended, too.
            }

            stop.TrySetResult(PosixSignal.SIGTERM);
        })
        {
            IsBackground = true,
            Name = "stdin",
        };
        thread.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
    }

    private void OnStop(PosixSignalContext context)
    {
        context.Cancel = true; // the runtime's own answer would end the process now
        stop.TrySetResult(context.Signal);
        if (Interlocked.Increment(ref asked) > 1) Environment.Exit(SignalExitBase + (context.Signal == PosixSignal.SIGINT ? 2 : 15));
    }
}
