using System.Runtime.InteropServices;

namespace Gache.Tool.Locking;

/// <summary>Signals to this process end its wait for the lock, and once the command runs they are the command's.</summary>
internal sealed class PassedSignals : IDisposable
{
    private readonly CancellationTokenSource first = new();
    private readonly PosixSignalRegistration[] registrations;
    private volatile ProcessGroup? command;

    public PassedSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Pass(context, Signal.Interrupt)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Pass(context, Signal.Terminate)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Pass(context, Signal.Hangup)),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => Pass(context, Signal.Quit)),
    ];

    /// <summary>Cancelled by the first.</summary>
    public CancellationToken Came => first.Token;

    /// <summary>The first that came; 0 for none.</summary>
    public int Which { get; private set; }

    /// <summary>From now on they are the command's; one that came just before as well.</summary>
    public void PassOnTo(ProcessGroup group)
    {
        command = group;
        if (Which != 0) group.Send(Which);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        first.Dispose();
    }

    private void Pass(PosixSignalContext context, int signal)
    {
        context.Cancel = true; // the runtime's own answer would end this process and leave the command without its lock
        if (Which == 0) Which = signal;
        first.Cancel();
        command?.Send(signal);
    }
}
