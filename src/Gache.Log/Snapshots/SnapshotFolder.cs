using System.Globalization;
using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>A snapshot that has its name, so was whole and in stable storage when it got it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Index">The last entry that it holds.</param>
/// <param name="Term">That entry's term.</param>
public sealed record SnapshotFile(string Path, ulong Index, ulong Term);

/// <summary>The folder of one replica's snapshots. Used by one thread at a time.</summary>
public sealed class SnapshotFolder
{
    /// <summary>How many snapshots are kept: the newest, and one in case it cannot be read.</summary>
    public const int Kept = 2;

    private const string Extension = ".snapshot";
    private const string TemporaryExtension = ".tmp";
    private const int Digits = 20; // of the largest 64-bit number, so that names sort as numbers

    private readonly string folder;

    /// <summary>Opens the folder, or makes it.</summary>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public SnapshotFolder(IFileSystem files, string folder, ShardId shard)
    {
        (Files, this.folder, Shard) = (files, folder, shard);
        DurableFolder.Create(files, folder);
    }

    /// <summary>The shard whose snapshots these are.</summary>
    public ShardId Shard { get; }

    internal IFileSystem Files { get; }

    /// <summary>Begins to write a snapshot.</summary>
    /// <exception cref="FileFailedException">The disk failed or is full.</exception>
    public SnapshotWriter Write(SnapshotHead head) => new(this, head);

    /// <summary>Begins to receive a snapshot of this mark; the file will have <paramref name="length"/> bytes.</summary>
    /// <exception cref="FileFailedException">The disk failed or is full.</exception>
    public SnapshotReceiver Receive(SnapshotMark mark, long length) => new(this, mark, length);

    /// <summary>Opens a snapshot and checks its head and whose it is.</summary>
    /// <exception cref="SnapshotDamagedException">The head is not what was written, or of another shard.</exception>
    /// <exception cref="LogFormatException">The format is unknown.</exception>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public SnapshotReader Read(SnapshotFile snapshot)
    {
        SnapshotReader reader = SnapshotReader.Open(Files, snapshot.Path);
        if (reader.Head.Shard == Shard && reader.Head.Mark.Index == snapshot.Index && reader.Head.Mark.Term == snapshot.Term) return reader;
        reader.Dispose();
        throw new SnapshotDamagedException(snapshot.Path, 0, $"it is of shard {reader.Head.Shard} at entry {reader.Head.Mark.Index}, which its name or place denies");
    }

    /// <summary>All snapshots, the newest first. Nothing in them is checked.</summary>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public IReadOnlyList<SnapshotFile> List()
    {
        var found = new List<SnapshotFile>();
        foreach (string name in Files.List(folder))
        {
            if (name.Length == (2 * Digits) + 1 + Extension.Length && name.EndsWith(Extension, StringComparison.Ordinal)
                && TryParse(name.AsSpan(0, Digits), out ulong index) && TryParse(name.AsSpan(Digits + 1, Digits), out ulong term))
            {
                found.Add(new SnapshotFile(Path.Combine(folder, name), index, term));
            }
        }

        found.Reverse(); // names sort as (index, term)
        return found;
    }

    /// <summary>The newest snapshot that every checksum in it holds for, or null. Reads whole files.</summary>
    /// <param name="damaged">Called for each newer one that is not whole.</param>
    /// <exception cref="LogFormatException">The format is unknown.</exception>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public SnapshotFile? NewestValid(Action<SnapshotDamagedException>? damaged = null)
    {
        foreach (SnapshotFile snapshot in List())
        {
            try
            {
                using SnapshotReader reader = Read(snapshot);
                reader.Verify();
                return snapshot;
            }
            catch (SnapshotDamagedException e)
            {
                damaged?.Invoke(e);
            }
        }

        return null;
    }

    /// <summary>Deletes what the log can go on without: of the snapshots up to the one that it names, all but the newest.</summary>
    /// <param name="markedIndex">The snapshot whose mark the log has in stable storage: a start needs it, however many later files there are.</param>
    /// <param name="keep">How many stay up to that one: two, or one where the disk is nearly full.</param>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public void DeleteOld(ulong markedIndex, int keep = Kept)
    {
        SnapshotFile[] old = [.. List().Where(snapshot => snapshot.Index <= markedIndex).Skip(keep)];
        foreach (SnapshotFile snapshot in old) Files.Delete(snapshot.Path);
        if (old.Length > 0) Files.SyncFolder(folder);
    }

    /// <summary>Deletes those that no start goes on from: later ones than the log names, which were being installed, or just taken, when the node
    /// stopped.</summary>
    /// <param name="markedIndex">The snapshot whose mark the log has in stable storage; 0 for none.</param>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public void DeleteLater(ulong markedIndex)
    {
        foreach (SnapshotFile snapshot in List().Where(snapshot => snapshot.Index > markedIndex)) Files.Delete(snapshot.Path);
    }

    /// <summary>Deletes files of snapshots that were never finished. Call it before any is written or received.</summary>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public void DeleteLeftovers()
    {
        foreach (string name in Files.List(folder))
        {
            if (name.EndsWith(TemporaryExtension, StringComparison.Ordinal)) Files.Delete(Path.Combine(folder, name));
        }
    }

    internal string NewTemporaryPath(SnapshotMark mark, out IFile file)
    {
        // A snapshot of the same mark may be written and received at once, so each gets a number of its own.
        for (int attempt = 0; ; attempt++)
        {
            string path = PathOf(mark) + "." + attempt.ToString(CultureInfo.InvariantCulture) + TemporaryExtension;
            if (Files.Exists(path)) continue;
            file = Files.Create(path, 0);
            return path;
        }
    }

    internal SnapshotFile Publish(string temporaryPath, SnapshotMark mark)
    {
        string path = PathOf(mark);
        Files.Rename(temporaryPath, path);
        Files.SyncFolder(folder);
        return new SnapshotFile(path, mark.Index, mark.Term);
    }

    internal void DeleteTemporary(string path) => Files.Delete(path);

    private string PathOf(SnapshotMark mark) => Path.Combine(
        folder, mark.Index.ToString("D20", CultureInfo.InvariantCulture) + "-" + mark.Term.ToString("D20", CultureInfo.InvariantCulture) + Extension);

    private static bool TryParse(ReadOnlySpan<char> digits, out ulong value) =>
        ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
