namespace Gache.Replication;

public sealed partial class Replica
{
    private readonly Freshness freshness = new();
    private readonly bool startsEmpty; // this process began with nothing applied: it has just joined, or no snapshot was taken yet

    private bool HasCaughtUp()
    {
        if (core.HasCommittedInTerm) freshness.Hear(core.CommitIndex);
        return freshness.HasCaughtUp(appliedIndex);
    }
}
