namespace Gache.Log;

/// <summary>What was asked of the disk when it failed.</summary>
public enum FileOperation
{
    /// <summary>Opening an existing file.</summary>
    Open,

    /// <summary>Creating a file at full size.</summary>
    Create,

    /// <summary>Reading bytes.</summary>
    Read,

    /// <summary>Writing bytes.</summary>
    Write,

    /// <summary>Syncing a file.</summary>
    Sync,

    /// <summary>Syncing a folder.</summary>
    SyncFolder,

    /// <summary>Listing a folder.</summary>
    List,

    /// <summary>Creating a folder.</summary>
    CreateFolder,

    /// <summary>Renaming a file.</summary>
    Rename,

    /// <summary>Deleting a file.</summary>
    Delete,

    /// <summary>Asking for the free space of a volume.</summary>
    FreeBytes,
}

/// <summary>The disk refused something. After a failed write or sync nothing is known about what it holds (P3).</summary>
public sealed class FileFailedException(FileOperation operation, string path, int errorNumber, string reason, Exception? inner = null)
    : IOException($"{Verb(operation)} {path} failed: {reason}" + (errorNumber == 0 ? "" : $" (errno {errorNumber})"), inner)
{
    /// <summary>What was tried.</summary>
    public FileOperation Operation { get; } = operation;

    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;

    /// <summary>The system's error number, 0 where it gave none.</summary>
    public int ErrorNumber { get; } = errorNumber;

    /// <summary>True if the volume has no space left (or the user's quota is used up).</summary>
    public bool IsDiskFull => ErrorNumber is ErrorNumbers.NoSpace or ErrorNumbers.QuotaExceeded;

    private static string Verb(FileOperation operation) => operation switch
    {
        FileOperation.Open => "opening",
        FileOperation.Create => "creating",
        FileOperation.Read => "reading",
        FileOperation.Write => "writing",
        FileOperation.Sync => "syncing",
        FileOperation.SyncFolder => "syncing folder",
        FileOperation.List => "listing",
        FileOperation.CreateFolder => "creating folder",
        FileOperation.Rename => "renaming",
        FileOperation.Delete => "deleting",
        _ => "asking for the free space of",
    };
}
