namespace Gache.Log;

/// <summary>Makes folders that are still there after power fails.</summary>
public static class DurableFolder
{
    /// <summary>Makes the folder and those above it that are missing, and syncs the folder above each one made.</summary>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public static void Create(IFileSystem files, string folder)
    {
        string? above = Path.GetDirectoryName(folder);
        if (!string.IsNullOrEmpty(above) && !files.Exists(above)) Create(files, above);
        if (!files.Exists(folder)) files.CreateFolder(folder);

        // Also if it is there: whoever made it may have been stopped before this.
        if (above is not null) files.SyncFolder(above.Length == 0 ? "." : above);
    }
}
