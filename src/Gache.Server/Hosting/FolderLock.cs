using System.Globalization;

namespace Gache.Server.Hosting;

/// <summary>Keeps a second process out of a data folder (P7), and tells it who is in.</summary>
/// <remarks>The lock is the system's on an open file, so it ends with the process however that ends; the holder's number stands in a file beside it.</remarks>
internal sealed class FolderLock : IDisposable
{
    private const string LockName = "lock";
    private const string HolderName = "lock.holder";

    private readonly FileStream file;

    private FolderLock(FileStream file) => this.file = file;

    /// <summary>Takes the folder, and makes it if it is not there.</summary>
    /// <returns>Null if it is ours now; else why not, and what to do.</returns>
    public static string? Take(string folder, out FolderLock? taken)
    {
        taken = null;
        string holder = Path.Combine(folder, HolderName);
        if (File.Exists(folder)) return $"the data folder {folder} is a file; choose another with --raft-dir";
        try
        {
            Directory.CreateDirectory(folder);
            taken = new FolderLock(new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            taken?.Dispose();
            return $"the data folder {folder} is not writable for this user; choose another with --raft-dir, or change its owner";
        }
        catch (IOException failure)
        {
            taken?.Dispose();
            return IsHeld(folder)
                ? $"the data folder {folder} is in use by {HolderOf(holder)}; a folder belongs to one node: choose another with --raft-dir"
                : $"the data folder {folder} cannot be used: {failure.Message}";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static bool IsHeld(string folder)
    {
        try
        {
            using var probe = new FileStream(Path.Combine(folder, LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static string HolderOf(string holder)
    {
        try
        {
            return $"process {File.ReadAllText(holder).Trim()}";
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
