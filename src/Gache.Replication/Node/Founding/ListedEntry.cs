namespace Gache.Replication;

/// <summary>One entry of <c>--raft-join</c> with what was heard there.</summary>
/// <param name="Address">As it was written, <c>host:port</c>.</param>
/// <param name="Answers">One for each address that its name gives; none where the name is not known.</param>
internal sealed record ListedEntry(string Address, IReadOnlyList<ListedAnswer> Answers);

/// <summary>What was heard at one address.</summary>
/// <param name="Address">Where was asked.</param>
/// <param name="Report">What was said; null if nobody answered.</param>
internal sealed record ListedAnswer(string Address, FolderReport? Report);
