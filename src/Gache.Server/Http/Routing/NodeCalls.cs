using Gache.Cluster;

namespace Gache.Server.Http.Routing;

/// <summary>Hands what other nodes ask for to whoever answers it, by kind.</summary>
/// <param name="handlers">A kind that is not among them is a later version's: its caller has its timeout.</param>
internal sealed class NodeCalls(IReadOnlyDictionary<CallKind, ICallHandler> handlers) : ICallHandler
{
    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        if (handlers.TryGetValue(kind, out ICallHandler? handler)) handler.Handle(from, kind, body, answer);
    }

    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer, CancellationToken abandoned)
    {
        if (handlers.TryGetValue(kind, out ICallHandler? handler)) handler.Handle(from, kind, body, answer, abandoned);
    }
}
