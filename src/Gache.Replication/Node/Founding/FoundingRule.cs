using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What a node without a shard does next.</summary>
internal enum FoundingStep
{
    /// <summary>Ask all again a little later.</summary>
    Wait,

    /// <summary>Ask to be taken up where a shard is, or may be.</summary>
    Ask,

    /// <summary>Found a shard: everybody else agreed.</summary>
    Found,
}

/// <summary>What follows from one round of questions.</summary>
/// <param name="Step">What to do.</param>
/// <param name="At">Where to ask to be taken up.</param>
/// <param name="Words">For whom or what the node waits; ends without a full stop.</param>
internal sealed record FoundingDecision(FoundingStep Step, IReadOnlyList<string> At, string Words);

/// <summary>Who founds, when all nodes have the same <c>--raft-join</c> with several addresses (design: Identity). Pure.</summary>
/// <remarks>
/// <para>
/// The first entry founds, and only a node whose own advertised address that is, word for word, takes itself for it: DNS never decides who
/// founds, as it may tell two nodes different things. And it founds only when every other entry has been answered, by nodes whose folders are
/// empty and who take that same address for the first. Silence is never consent.
/// </para>
/// <para>
/// So two nodes that both found would each need the consent of everybody in its list, and nobody names two firsts: they have no address in common,
/// or the same one. The second is excluded by asking the own address as well, and meeting oneself there.
/// </para>
/// <para>
/// An address outlives its node: a first that founded, and that nobody reaches, may be followed by another with an empty folder. So the last question
/// is for a consent, which each gives once (<see cref="FoundingConsent"/>).
/// </para>
/// </remarks>
/// <param name="ownAddress">The own advertised API address.</param>
/// <param name="self">The own id.</param>
/// <param name="shard">The id that the shard is to have.</param>
internal sealed class FoundingRule(string ownAddress, NodeId self, ShardId shard)
{
    /// <summary>Decides.</summary>
    /// <param name="listed">The entries of <c>--raft-join</c>, in their order.</param>
    /// <param name="others">Where else a shard may be: addresses of an earlier start, or of a member that was met. They can prevent, and never consent.</param>
    /// <param name="veto">Why this node must not found whatever the others say, or null.</param>
    /// <param name="isConsentAsked">Whether the entries were asked for their consent: then all must have given it.</param>
    public FoundingDecision Decide(IReadOnlyList<ListedEntry> listed, IReadOnlyList<ListedEntry> others, string? veto, bool isConsentAsked = false)
    {
        string[] at =
        [
            .. listed.Concat(others).SelectMany(entry => entry.Answers)
                .Where(answer => answer.Report is { IsEmpty: false } report && report.Node != self && !IsOwn(answer.Address)).Select(answer => answer.Address).Distinct(),
        ];
        bool standsFirst = listed.Count > 1 && IsOwn(listed[0].Address);
        bool isFirst = standsFirst && veto is null;
        Dictionary<NodeId, string> met = [];
        string words = string.Concat(listed.Select(entry => (entry, said: WordsOf(entry, isFirst, met, isConsentAsked))).Where(line => line.said.Length > 0)
            .Select(line => $"{line.entry.Address}: {line.said}; "));
        string asked = string.Concat(others.Select(entry => (entry, said: WordsOf(entry, isFirst: false, [], isConsentAsked: false))).Where(line => line.said.Length > 0)
            .Select(line => $"{line.entry.Address}: {line.said}; "));
        string head = isFirst ? "a shard is founded here when every other address of --raft-join has said that its folder is empty; "
            : standsFirst ? $"joining, and founding nothing: {veto}; "
            : (listed.Count > 1 ? $"waiting for {listed[0].Address}, the first of --raft-join, to found a shard, or for a member to take this node up; " : "joining; ")
                + (veto is null ? "" : $"{veto}; ");
        FoundingStep step = at.Length > 0 ? FoundingStep.Ask : isFirst && words.Length == 0 ? FoundingStep.Found : FoundingStep.Wait;
        return new FoundingDecision(step, at, head + words + asked);
    }

    /// <summary>What speaks against founding; for a node that founds nothing in any case, what was heard. Empty if there is nothing to say.</summary>
    private string WordsOf(ListedEntry entry, bool isFirst, Dictionary<NodeId, string> met, bool isConsentAsked)
    {
        if (entry.Answers.Count == 0) return $"the name is not known, or gives more than {ListedNodes.MaxAddressesOfAName} addresses";
        if (IsOwn(entry.Address)) return isFirst ? OwnWords(entry) : "";
        if (entry.Answers.All(answer => answer.Report?.Node == self)) return "this node itself answers there, and nobody else";

        // The name of one node, though it may give several addresses (a dual stack does).
        bool isAlone = entry.Answers.Select(answer => answer.Report?.Node).Where(node => node != self).Distinct().Count() == 1;
        return string.Join(
            ", ", entry.Answers.Select(answer => (answer, said: WordsOf(answer, isFirst, isAlone ? met : null, entry.Address, isConsentAsked)))
                .Where(line => line.said.Length > 0).Select(line => entry.Answers.Count == 1 ? line.said : $"{line.said} ({line.answer.Address})"));
    }

    /// <summary>Two nodes that advertise one address would both be the first.</summary>
    private string OwnWords(ListedEntry entry) =>
        entry.Answers.FirstOrDefault(answer => answer.Report?.Node != self) is not { } stranger ? ""
        : stranger.Report is null || stranger.Report.Node.IsNone ? "this node's own address, and nobody answers there yet"
        : $"this node's own address, and node {stranger.Report.Node} answers there";

    private string WordsOf(ListedAnswer answer, bool isFirst, Dictionary<NodeId, string>? met, string entry, bool isConsentAsked)
    {
        if (answer.Report is not { } report) return "nobody answers";
        if (report.Node == self) return ""; // a name that gives all nodes gives this one, too
        if (!report.IsEmpty)
        {
            return !report.Shard.IsNone ? $"it is of shard {report.Shard}"
                : report.Objection is { } why ? $"it does not say that its folder is empty: {why}" : "it does not say that its folder is empty";
        }

        if (!isFirst) return $"its folder is empty{Misnamed(report, entry)}";
        // An old answer of DNS may send two names to one node, and then nobody asked the other.
        if (met is not null && !met.TryAdd(report.Node, entry) && met[report.Node] != entry) return $"the same node answers as at {met[report.Node]}";
        if (report.First is null) return "its folder is empty, and it was started without --raft-join: give all nodes the same list";
        if (!IsOwn(report.First)) return $"its folder is empty, and it waits for {report.First} to found: give all nodes the same --raft-join";
        if (report.Objection is { } objection) return $"its folder is empty, but {objection}";
        if (report.Consent is { } given && given.Shard != shard) return TakenWords(given);
        return isConsentAsked && report.Consent is null ? "its folder is empty, and it has not agreed yet" : "";
    }

    private static string TakenWords(FoundingConsent given) =>
        $"its folder is empty, and it agreed before that node {given.Founder} at {given.ApiAddress} founds shard {given.Shard}, which may have writes: that "
        + "node must come back with its folder; if it is gone for good, stop the nodes that agreed, empty their folders and start them again "
        + "(a consent ends only so, or when who gave it joins a shard)";

    /// <summary>A node that has another address than the one that stands first in its list does not take itself for the first, and nobody else does.</summary>
    private static string Misnamed(FolderReport report, string entry) =>
        report.First is { } first && Same(first, entry) && report.ApiAddress.Length > 0 && !Same(report.ApiAddress, entry)
            ? $", and it does not found: it calls itself {report.ApiAddress} (--advertise), not {entry}" : "";

    private bool IsOwn(string? address) => address is not null && Same(address, ownAddress);

    /// <summary>Whether two addresses are one; names of hosts have no case.</summary>
    public static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
