using Gache.Primitives;

namespace Gache.Raft;

/// <summary>The answers to one round of (pre-)votes; the first answer of a voter counts.</summary>
internal sealed class VoteTally
{
    private readonly Dictionary<NodeId, bool> answers = [];

    public int Granted => answers.Values.Count(granted => granted);

    public void Clear() => answers.Clear();

    public void Record(NodeId voter, bool isGranted) => answers.TryAdd(voter, isGranted);

    public Verdict Count(Configuration configuration) =>
        Quorum.Count(configuration, voter => answers.TryGetValue(voter, out bool granted) ? granted : null);
}
