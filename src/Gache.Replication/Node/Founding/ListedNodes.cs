namespace Gache.Replication;

/// <summary>Asks whoever stands in a list of addresses what their folders hold, all at once.</summary>
internal sealed class ListedNodes(IJoinClient client)
{
    /// <summary>A name that gives more addresses than this counts as silent: no shard has so many members.</summary>
    public const int MaxAddressesOfAName = 32;

    /// <summary>Asks once, names resolved anew; changes nothing there.</summary>
    public Task<IReadOnlyList<ListedEntry>> AskAsync(IEnumerable<string> entries, CancellationToken cancel) =>
        AskAllAsync(entries, (_, address) => client.ReportAsync(address, cancel), cancel);

    /// <summary>Asks once for consent, names resolved anew. At the founder's own address only who answers there is of interest.</summary>
    public Task<IReadOnlyList<ListedEntry>> AskConsentAsync(IEnumerable<string> entries, FoundingConsent wanted, CancellationToken cancel) =>
        AskAllAsync(
            entries, (entry, address) => string.Equals(entry, wanted.ApiAddress, StringComparison.OrdinalIgnoreCase)
                ? client.ReportAsync(address, cancel) : client.AskConsentAsync(address, wanted, cancel), cancel);

    private async Task<IReadOnlyList<ListedEntry>> AskAllAsync(
        IEnumerable<string> entries, Func<string, string, Task<FolderReport?>> ask, CancellationToken cancel) =>
        await Task.WhenAll(entries.Select(entry => AskEntryAsync(entry, ask, cancel))).ConfigureAwait(false);

    private async Task<ListedEntry> AskEntryAsync(string entry, Func<string, string, Task<FolderReport?>> ask, CancellationToken cancel)
    {
        IReadOnlyList<string> addresses = await client.ResolveAsync(entry, cancel).ConfigureAwait(false);
        if (addresses.Count > MaxAddressesOfAName) addresses = [];
        return new ListedEntry(
            entry, await Task.WhenAll(addresses.Select(async address => new ListedAnswer(address, await ask(entry, address).ConfigureAwait(false)))).ConfigureAwait(false));
    }
}
