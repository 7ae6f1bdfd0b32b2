using System.Runtime.InteropServices;

namespace Gache.Tool.Locking;

/// <summary>Signals to this process end its wait for the lock, and while the command runs they are the command's.</summary>
internal sealed class PassedSignals : IDisposable
{
    private readonly CancellationTokenSource first = new(); // not disposed: a signal may come at any moment
    private readonly Lock gate = new();
    private readonly PosixSignalRegistration[] registrations;
    private ProcessGroup? command;

    public PassedSignals()
    {
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Pass(context, Signal.Interrupt)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Pass(context, Signal.Terminate)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Pass(context, Signal.Hangup)),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => Pass(context, Signal.Quit)),
        ];

        // Ctrl-Z would stop the guard and not the command.
        if (!OperatingSystem.IsWindows()) registrations = [.. registrations, PosixSignalRegistration.Create(PosixSignal.SIGTSTP, static context => context.Cancel = true)];
    }

    /// <summary>Cancelled by the first.</summary>
    public CancellationToken Came => first.Token;

    /// <summary>The first that came; 0 for none.</summary>
    public int Which { get; private set; }

    /// <summary>From now on they are the command's; one that came just before as well.</summary>
    public void PassOnTo(ProcessGroup group)
    {
        lock (gate)
        {
            command = group;
            if (Which != 0) group.Send(Which);
        }
    }

    /// <summary>The command has ended: from now on signals change nothing, as there is only the lock to give back.</summary>
    public void PassOnToNobody()
    {
        lock (gate) command = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
    }

    private void Pass(PosixSignalContext context, int signal)
    {
        context.Cancel = true; // the runtime's own answer would end this process and leave the command without its lock
        lock (gate)
        {
            if (Which == 0) Which = signal;
            command?.Send(signal);
        }

        first.Cancel();
    }
}
