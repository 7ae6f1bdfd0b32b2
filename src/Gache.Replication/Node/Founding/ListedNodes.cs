namespace Gache.Replication;

/// <summary>Asks whoever stands in a list of addresses what their folders hold, all at once.</summary>
internal sealed class ListedNodes(IJoinClient client)
{
    /// <summary>A name that gives more addresses than this counts as silent: no shard has so many members.</summary>
    public const int MaxAddressesOfAName = 32;

    /// <summary>Asks once, names resolved anew.</summary>
    public async Task<IReadOnlyList<ListedEntry>> AskAsync(IEnumerable<string> entries, CancellationToken cancel) =>
        await Task.WhenAll(entries.Select(entry => AskAsync(entry, cancel))).ConfigureAwait(false);

    private async Task<ListedEntry> AskAsync(string entry, CancellationToken cancel)
    {
        IReadOnlyList<string> addresses = await client.ResolveAsync(entry, cancel).ConfigureAwait(false);
        if (addresses.Count > MaxAddressesOfAName) addresses = [];
        return new ListedEntry(entry, await Task.WhenAll(addresses.Select(address => AskAddressAsync(address, cancel))).ConfigureAwait(false));
    }

    private async Task<ListedAnswer> AskAddressAsync(string address, CancellationToken cancel) =>
        new(address, await client.ReportAsync(address, cancel).ConfigureAwait(false));
}
