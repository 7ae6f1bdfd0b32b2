namespace Gache.Replication.Tests.Replicas;

/// <summary>The way of one process to the others of its room: whoever is up is reached by its id.</summary>
internal sealed class SeatTransport(Room room, Seat seat) : ITransport
{
    private readonly ulong nonce = seat.Identity.Nonce;

    public void Send(PeerMessage message) => room.Post(seat, nonce, message);

    public void SetPeers(IReadOnlyCollection<PeerAddress> peers)
    {
        // All are connected with all.
    }

    public void SetIdentity(PeerIdentity identity)
    {
        // The room looks at the seat's.
    }

    public Task<PeerIdentity?> ProbeAsync(string raftAddress) => Task.FromResult(room.WhoIsAt(raftAddress));

    public void Dispose()
    {
        // Nothing is held.
    }
}
