using System.Runtime.InteropServices;

namespace Gache.Tool.Terminals;

/// <summary>Ctrl-C, SIGTERM and a closed terminal ask to end; the second of them does not wait.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource first = new();
    private readonly CancellationTokenSource second = new();
    private readonly PosixSignalRegistration[] registrations;

    /// <summary>Takes the signals over.</summary>
    public StopSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
    ];

    /// <summary>Cancelled by the first.</summary>
    public CancellationToken End => first.Token;

    /// <summary>Cancelled by the second.</summary>
    public CancellationToken EndAtOnce => second.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        first.Dispose();
        second.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true; // the runtime's own answer would end the process now
        (first.IsCancellationRequested ? second : first).Cancel();
    }
}
