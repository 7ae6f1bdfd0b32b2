using Microsoft.Extensions.Logging;

namespace Gache.Replication;

/// <summary>A member that comes back tells where it is now: to the nodes of its list, and to all members it knows (design: Identity).</summary>
/// <remarks>
/// A node of the list that is of another shard does not stop a member: an old answer of DNS, or one stray node, would take down a healthy shard.
/// Only when the whole list answers, and all of it is of other shards, was the folder started with another's arguments.
/// </remarks>
internal sealed class Announcement(ShardNodeOptions options, ListedNodes listed, FolderIdentity who, JoinRequest request, ILogger logger)
{
    private bool isHinted = options.JoinAddresses.Count > 0; // and nobody confirmed yet that the list is of this shard
    private string strangers = "";
    private volatile string? words;

    /// <summary>Why the shard may not know where this member is; null if it knows.</summary>
    public string? Words => words;

    /// <summary>Tells all once.</summary>
    /// <returns>True when there is nothing left to tell.</returns>
    /// <exception cref="ForeignFolderException">The list is another shard's.</exception>
    public async Task<bool> TellAllAsync(ReplicaStatus status, CancellationToken cancel)
    {
        bool isKnown = status.Members.Any(m => m.Node == who.Node && m.RaftAddress == request.RaftAddress && m.ApiAddress == request.ApiAddress);
        if (isKnown && !isHinted)
        {
            Say(null);
            return true;
        }

        IReadOnlyList<ListedEntry> heard = await listed.AskAsync(options.JoinAddresses, cancel).ConfigureAwait(false);
        List<string> said = [.. heard.Where(entry => entry.Answers.Count == 0).Select(entry => $"{entry.Address}: the name is not known")];
        List<string> foreign = [];
        ListedAnswer[] others = [.. heard.SelectMany(entry => entry.Answers).Where(answer => answer.Report?.Node != who.Node)];
        foreach (ListedAnswer answer in others) said.Add($"{answer.Address}: {await TellAsync(answer, foreign, cancel).ConfigureAwait(false)}");

        bool isAnothers = others.Length > 0 && foreign.Count == others.Length && heard.All(entry => entry.Answers.Count > 0);
        if (isHinted && isAnothers) throw new ForeignFolderException($"{options.Folder} belongs to shard {who.Shard}, and {string.Join(", and ", foreign)}");
        TellStrangers(foreign);

        IEnumerable<string> members = isKnown ? [] : status.Members.Where(m => m.Node != who.Node).Select(m => m.ApiAddress);
        foreach (string address in members.Except(others.Select(answer => answer.Address)))
            said.Add($"{address}: {Understand(await options.JoinClient.AskAsync(address, request, cancel).ConfigureAwait(false))}");

        bool isAlone = status.Members.Count == 1 && status.Members[0].Node == who.Node; // it commits its own address
        Say(isKnown || isAlone ? null : said.Count == 0 ? "no address of another member is known (--raft-join)" : string.Join("; ", said));
        return false;
    }

    private async Task<string> TellAsync(ListedAnswer answer, List<string> foreign, CancellationToken cancel)
    {
        if (answer.Report is not { } report) return "nobody answers";
        if (report.IsEmpty) return "its folder is empty";
        if (!report.Shard.IsNone && report.Shard != who.Shard)
        {
            foreign.Add($"{answer.Address} is of shard {report.Shard}");
            return $"it is of shard {report.Shard}";
        }

        JoinAnswer? said = await options.JoinClient.AskAsync(answer.Address, request, cancel).ConfigureAwait(false);
        if (report.Shard.IsNone && said is { Verdict: JoinRefusal.WrongShard }) foreign.Add($"{answer.Address} says: {said.Detail}"); // an older version
        return Understand(said);
    }

    private string Understand(JoinAnswer? answer)
    {
        if (answer is not { Refusal: null, Verdict: JoinRefusal.None }) return answer?.Detail ?? "nobody answers";
        isHinted = false;
        return "it was told";
    }

    private void TellStrangers(List<string> foreign)
    {
        string now = string.Join(", and ", foreign);
        if (now.Length > 0 && now != strangers) logger.StrangersListed(who.Shard, now);
        if (now.Length > 0) strangers = now;
    }

    private void Say(string? why)
    {
        string? now = why is null ? null : $"the shard does not know yet that this member is at {request.RaftAddress} (API {request.ApiAddress}); {why}; told again until it does";
        if (now is not null && now != words) logger.NotKnownYet(now);
        words = now;
    }
}
