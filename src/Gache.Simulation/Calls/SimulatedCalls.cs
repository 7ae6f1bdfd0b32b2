using Gache.Cluster;
using Gache.Primitives;

namespace Gache.Simulation;

/// <summary>A node's cluster port in the simulated network, in the place of TCP: calls others, and lets them call.</summary>
/// <remarks>
/// As over TCP nothing arrives twice and nothing is resent; but a request or an answer may be stuck in a connection for long, and arrive when
/// its caller has given up.
/// </remarks>
internal sealed class SimulatedCalls : ICalls
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1); // defaults: cluster port
    private static readonly TimeSpan MostStuck = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan MostBehind = TimeSpan.FromMilliseconds(30);
    private const double HasConnection = 0.5;
    private const double FreedByNext = 0.8;

    // Also in a calm network: one connection's buffers are full, others go on. The call that ends a stream matters most when it comes late.
    private const double Sticks = 0.01;
    private const double OwnSticks = 0.08;

    private readonly SimulatedNetwork network;
    private readonly string line;
    private readonly NodeProcess process;
    private readonly Func<ClusterIdentity> identity;
    private readonly List<Action> stuck = []; // what is to arrive here late, and comes the sooner when a later stream of a slot begins
    private ICallHandler? handler;

    internal SimulatedCalls(SimulatedNetwork network, string line, NodeProcess process, Func<ClusterIdentity> identity) =>
        (this.network, this.line, this.process, this.identity) = (network, line, process, identity);

    /// <summary>True while its process lives.</summary>
    public bool IsOpen => process.IsAlive;

    /// <summary>The machine's place in <see cref="Lines"/>: who cannot reach its raft port cannot reach its cluster port.</summary>
    public string Line => line;

    /// <summary>Begins to serve; until then everybody who dials is refused.</summary>
    public void Serve(ICallHandler takes) => handler = takes;

    /// <inheritdoc/>
    public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done)
    {
        network.CallCount++;
        var call = new PendingCall(this, timeout, done);
        if (network.CallsAt(address) is not { } there)
        {
            call.EndAfter(Way() + Way(), CallOutcome.NotSent, "connection refused");
            return;
        }

        bool isConnected = network.Lines.IsOpen(line, there.line) && network.Lines.IsOpen(there.line, line);
        if (!isConnected && !network.Random.Chance(HasConnection))
        {
            call.EndAfter(ConnectTimeout, CallOutcome.NotSent, "no connection within 1 s");
            return;
        }

        ClusterIdentity own = identity();
        byte[] sent = body.ToArray();
        if (!Carry(there, kind, () => there.Take(this, call, own, expectedReceiver, kind, sent)) && network.Random.Chance(0.5))
            call.EndAfter(network.Random.Between(TimeSpan.Zero, network.Conditions.MostUnnoticedCut), CallOutcome.Unknown, "the connection broke");
    }

    private void Take(SimulatedCalls caller, PendingCall call, ClusterIdentity dialler, NodeId expected, CallKind kind, byte[] body)
    {
        if (handler is null || identity().Node.IsNone)
        {
            Carry(caller, kind, () => call.End(CallOutcome.NotSent, "nobody serves there yet"));
            return;
        }

        handler.Met(new Caller(dialler.Node, dialler.Cluster, dialler.ProcessNonce));
        if (identity().MismatchWith(dialler, expected) is { } why)
        {
            Carry(caller, kind, () => call.End(CallOutcome.Refused, why));
            return;
        }

        // Whoever waits at a process that dies learns it at once, if the news can come over.
        if (kind == CallKind.ImportBegin) FreeStuck();
        Action broken = () =>
        {
            if (network.Lines.IsOpen(line, caller.line)) call.EndAfter(Way(), CallOutcome.Unknown, "the connection was reset");
        };
        process.Killed += broken;
        bool isAnswered = false;
        handler.Handle(new Caller(dialler.Node, dialler.Cluster, dialler.ProcessNonce), kind, body, answer =>
        {
            Invariant.Holds(!isAnswered, $"a call of kind {kind} was answered twice");
            isAnswered = true;
            process.Killed -= broken;
            byte[] answered = answer.ToArray();
            Carry(caller, kind, () => call.End(CallOutcome.Answered, "", answered));
        });
    }

    /// <summary>Lets something happen at the other end, now or late or never.</summary>
    /// <returns>False if it is late or lost.</returns>
    private bool Carry(SimulatedCalls there, CallKind kind, Action arrive)
    {
        NetworkConditions conditions = network.Conditions;
        bool isLost = network.Random.Chance(Math.Max(conditions.Loss, kind == CallKind.ImportOwn ? OwnSticks : Sticks));
        if (!isLost && network.Lines.IsOpen(line, there.line))
        {
            there.process.After(Way(), arrive);
            return true;
        }

        if (!network.Random.Chance(conditions.Leftover)) return false;
        Action late = () => { };
        late = () =>
        {
            if (!there.stuck.Remove(late) || !network.Lines.IsOpen(line, there.line)) return;
            network.Trace?.Invoke($"what {process.Name} said to {there.process.Name} of {kind} arrives late");
            there.process.After(TimeSpan.Zero, arrive);
        };
        there.stuck.Add(late);
        network.Scheduler.After(network.Random.Between(TimeSpan.Zero, MostStuck), late);
        return false;
    }

    private void FreeStuck()
    {
        foreach (Action late in stuck.ToArray())
        {
            if (network.Random.Chance(FreedByNext)) network.Scheduler.After(network.Random.Between(TimeSpan.Zero, MostBehind), late);
        }
    }

    private TimeSpan Way() => network.Conditions.DrawLatency(network.Random);

    /// <summary>A call that waits for its end: told once, inside the caller's process.</summary>
    private sealed class PendingCall
    {
        private readonly SimulatedCalls caller;
        private readonly SimulatedEvent deadline;
        private Action<CallResult>? done;

        public PendingCall(SimulatedCalls caller, TimeSpan timeout, Action<CallResult> done)
        {
            (this.caller, this.done) = (caller, done);
            deadline = caller.process.After(timeout, () => End(CallOutcome.Unknown, "no answer in time"));
        }

        public void EndAfter(TimeSpan delay, CallOutcome outcome, string detail) => caller.process.After(delay, () => End(outcome, detail));

        public void End(CallOutcome outcome, string detail, byte[]? body = null)
        {
            if (done is not { } tell) return;
            done = null;
            EventScheduler.Cancel(deadline);
            tell(new CallResult(outcome, body, detail));
        }
    }
}
