namespace Gache.Log;

/// <summary>The few things that a log and its snapshots ask of a disk; real, or simulated with faults.</summary>
/// <remarks>Synchronous: whoever calls owns a thread that may block. A name is durable only after <see cref="SyncFolder"/>.</remarks>
public interface IFileSystem
{
    /// <summary>Opens an existing file for reading and writing.</summary>
    /// <exception cref="FileFailedException">It does not exist or cannot be opened.</exception>
    IFile Open(string path);

    /// <summary>Creates a new file of <paramref name="sizeBytes"/> zero bytes, with the space for them reserved where the system can.</summary>
    /// <exception cref="FileFailedException">It exists already, or the volume is full.</exception>
    IFile Create(string path, long sizeBytes);

    /// <summary>Makes creations, renames and deletions in this folder durable.</summary>
    /// <exception cref="FileFailedException">The sync failed; what was to be durable may not be (P3).</exception>
    void SyncFolder(string folder);

    /// <summary>The names (without folder) of the files in a folder, in ordinal order.</summary>
    /// <exception cref="FileFailedException">The folder cannot be read.</exception>
    IReadOnlyList<string> List(string folder);

    /// <summary>True if the path is a file or a folder.</summary>
    bool Exists(string path);

    /// <summary>Creates a folder and those above it; an existing one is left as it is. The caller syncs the folder above.</summary>
    /// <exception cref="FileFailedException">It cannot be created.</exception>
    void CreateFolder(string folder);

    /// <summary>Renames a file within its folder, replacing a file of the new name atomically.</summary>
    /// <exception cref="FileFailedException">It cannot be renamed.</exception>
    void Rename(string from, string to);

    /// <summary>Deletes a file. Those that have it open may go on reading it.</summary>
    /// <exception cref="FileFailedException">It does not exist or cannot be deleted.</exception>
    void Delete(string path);

    /// <summary>How many bytes may still be written to the volume that holds this folder.</summary>
    /// <exception cref="FileFailedException">The volume cannot be asked.</exception>
    long FreeBytes(string folder);
}
