using Gache.Primitives;

namespace Gache.Log;

/// <summary>The folders of a simulated disk: the names that programs see, those that are durable, and the changes between them.</summary>
internal sealed class SimulatedNames
{
    private readonly SortedDictionary<string, SimulatedContent> seen = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SimulatedContent> durable = new(StringComparer.Ordinal);
    private readonly SortedSet<string> seenFolders = new(StringComparer.Ordinal);
    private readonly SortedSet<string> durableFolders = new(StringComparer.Ordinal);
    private readonly List<Change> changes = []; // in the order made, none of them synced

    public long UsedBytes
    {
        get
        {
            long used = 0;
            foreach (SimulatedContent content in seen.Values) used += content.Length;
            return used;
        }
    }

    public static string FolderOf(string path) => Path.GetDirectoryName(path) ?? "";

    public SimulatedContent? Find(string path) => seen.GetValueOrDefault(path);

    // The root, and the empty path that stands for the working folder, are always there.
    public bool HasFolder(string folder) => folder is "" or "." or "/" || seenFolders.Contains(folder);

    public List<string> List(string folder) => [.. seen.Keys.Where(p => FolderOf(p) == folder).Select(p => Path.GetFileName(p))];

    public void Add(string path, SimulatedContent content)
    {
        seen.Add(path, content);
        changes.Add(new Change(FolderOf(path), null, path, content));
    }

    public void AddFolder(string folder)
    {
        if (HasFolder(folder)) return;
        AddFolder(FolderOf(folder));
        seenFolders.Add(folder);
        changes.Add(new Change(FolderOf(folder), null, folder, null));
    }

    public void Rename(string from, string to, SimulatedContent content)
    {
        Invariant.Holds(FolderOf(from) == FolderOf(to), $"a rename from {from} to {to} leaves its folder");
        seen.Remove(from);
        seen[to] = content;
        changes.Add(new Change(FolderOf(to), from, to, content));
    }

    public void Remove(string path)
    {
        seen.Remove(path);
        changes.Add(new Change(FolderOf(path), path, null, null));
    }

    public void Sync(string folder)
    {
        foreach (Change change in changes)
        {
            if (change.Folder == folder) Keep(change);
        }

        changes.RemoveAll(c => c.Folder == folder);
    }

    /// <summary>Each change that was not synced is kept or lost singly; each is kept or lost whole.</summary>
    public void Crash(Random dice)
    {
        foreach (Change change in changes)
        {
            if (dice.Next(2) == 0) Keep(change);
        }

        changes.Clear();
        durableFolders.RemoveWhere(f => FolderOf(f) is not ("" or "/") && !durableFolders.Contains(FolderOf(f)));
        foreach (string path in durable.Keys.Where(p => FolderOf(p) is not ("" or "/") && !durableFolders.Contains(FolderOf(p))).ToArray())
            durable.Remove(path);
        seen.Clear();
        seenFolders.Clear();
        seenFolders.UnionWith(durableFolders);
        foreach ((string path, SimulatedContent content) in durable)
        {
            content.Crash(dice);
            seen.Add(path, content);
        }
    }

    private void Keep(Change change)
    {
        if (change.Removed is not null) durable.Remove(change.Removed);
        if (change.Added is null) return;
        if (change.Content is null) durableFolders.Add(change.Added);
        else durable[change.Added] = change.Content;
    }

    private sealed record Change(string Folder, string? Removed, string? Added, SimulatedContent? Content);
}
