using Gache.Primitives;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>Calls between the machines of a <see cref="GossipWorld"/>, with the outcomes that real ones have.</summary>
internal sealed class WorldCalls(GossipWorld world, GossipMachine from) : ICalls
{
    /// <summary>What a frame and its call need around a body, about.</summary>
    private const int HeadBytes = 32;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The answer takes the caller's connection back, so only the caller's way matters.</summary>
    public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done)
    {
        address = world.Names.GetValueOrDefault(address, address);
        byte[] bytes = body.ToArray();
        bool isDone = false;
        GossipMachine? to = world.Machines.FirstOrDefault(machine => machine.Address == address && machine.IsAlive);
        if (to is null) { End(CallOutcome.NotSent, "refused", world.Delay()); return; }
        if (!world.IsConnected(from, to)) { End(CallOutcome.NotSent, "timed out", ConnectTimeout); return; }
        if (!expectedReceiver.IsNone && expectedReceiver != to.Node) { End(CallOutcome.Refused, "another node", world.Delay()); return; }
        var caller = new Caller(from.Node, from.Cluster, from.Nonce);
        from.BytesOnWire += bytes.Length + HeadBytes;
        End(CallOutcome.Unknown, "not answered", timeout);
        if (!world.IsLost()) to.Process.After(world.Delay(), Arrive);

        void Arrive()
        {
            if (!world.IsConnected(from, to) || to.Gossip.Handle(caller, kind, bytes) is not { } answer) return;
            to.BytesOnWire += answer.Length + HeadBytes;
            if (!world.IsLost()) End(CallOutcome.Answered, "", world.Delay(), answer);
        }

        void End(CallOutcome outcome, string why, TimeSpan after, byte[]? answer = null) => from.Process.After(after, () =>
        {
            if (isDone) return;
            isDone = true;
            done(new CallResult(outcome, answer, why));
        });
    }
}
