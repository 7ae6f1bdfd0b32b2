namespace Gache.Log;

/// <summary>The disk of this machine.</summary>
/// <remarks>Promised on Linux. On macOS and Windows a sync is the BCL's flush, and a folder is not synced: for development only.</remarks>
public sealed class RealFileSystem : IFileSystem
{
    /// <summary>The only one needed: it has no state.</summary>
    public static RealFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public IFile Open(string path) =>
        Try(FileOperation.Open, path, () => new RealFile(path, File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, Sharing)));

    /// <inheritdoc/>
    public IFile Create(string path, long sizeBytes)
    {
        RealFile file = Try(
            FileOperation.Create, path, () => new RealFile(path, File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, Sharing)));
        try
        {
            file.Allocate(sizeBytes);
            return file;
        }
        catch (FileFailedException)
        {
            // Half a file serves nobody and takes space on a volume that is probably full.
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <inheritdoc/>
    public void SyncFolder(string folder)
    {
        if (!OperatingSystem.IsLinux()) return;
        int error = NativeCalls.SyncFolder(folder);
        if (error != 0) throw new FileFailedException(FileOperation.SyncFolder, folder, error, NativeCalls.Describe(error));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder) => Try(FileOperation.List, folder, () =>
    {
        string[] names = [.. Directory.EnumerateFiles(folder).Select(p => Path.GetFileName(p))];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    });

    /// <inheritdoc/>
    public bool Exists(string path) => Path.Exists(path);

    /// <inheritdoc/>
    public void CreateFolder(string folder) => Try(FileOperation.CreateFolder, folder, () => Directory.CreateDirectory(folder));

    /// <inheritdoc/>
    public void Rename(string from, string to) => Try(FileOperation.Rename, from, () =>
    {
        File.Move(from, to, overwrite: true);
        return true;
    });

    /// <inheritdoc/>
    public void Delete(string path) => Try(FileOperation.Delete, path, () =>
    {
        // File.Delete is silent about a missing file; here that is an error, as on the simulated disk.
        if (!File.Exists(path)) throw new FileNotFoundException("there is no such file", path);
        File.Delete(path);
        return true;
    });

    /// <inheritdoc/>
    public long FreeBytes(string folder) =>
        Try(FileOperation.FreeBytes, folder, () => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace);

    // Who may use a folder is decided by its own lock; sharing keeps the BCL from taking a second one on each file.
    private const FileShare Sharing = FileShare.ReadWrite | FileShare.Delete;

    internal static T Try<T>(FileOperation operation, string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException) and not FileFailedException)
        {
            throw Failed(operation, path, e);
        }
    }

    internal static FileFailedException Failed(FileOperation operation, string path, Exception e) =>
        new(operation, path, ErrorNumber(e), e.Message, e);

    // On Unix the BCL keeps the error number in HResult: of the exception itself, or of the one inside; its own codes are negative.
    private static int ErrorNumber(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => ErrorNumbers.NotFound,
        { HResult: > 0 } => e.HResult,
        { InnerException: { HResult: > 0 } inner } => inner.HResult,
        _ => 0,
    };
}
