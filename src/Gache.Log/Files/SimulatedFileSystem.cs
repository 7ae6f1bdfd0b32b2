namespace Gache.Log;

/// <summary>A disk in memory that forgets what was not synced, and fails as it is told. The same seed gives the same failures.</summary>
/// <remarks>
/// File contents live in a page cache until they are synced; names (creations, renames, deletions) until their folder is synced.
/// Safe for use by several threads; then, of course, the order of operations is theirs.
/// </remarks>
public sealed class SimulatedFileSystem(Random dice) : IFileSystem
{
    private readonly Lock gate = new();
    private readonly SimulatedNames names = new();
    private readonly List<SimulatedContent> nameless = []; // deleted while open: they take room until they are closed
    private int incarnation;
    private bool isStopped;

    /// <summary>What goes wrong, and when.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>The size of the volume in bytes; creating or growing a file beyond it is ENOSPC.</summary>
    public long VolumeBytes { get; set; } = long.MaxValue;

    /// <summary>How many operations that change something were begun.</summary>
    public long Operations { get; private set; }

    /// <summary>How many of them were syncs of a file.</summary>
    public long Syncs { get; private set; }

    /// <summary>The power fails: what was not synced is lost in part, every open file is closed. The disk works again at once.</summary>
    public void Crash()
    {
        lock (gate)
        {
            Kill();
            names.Crash(dice);
        }
    }

    /// <summary>The process is killed: every open file is closed, the page cache stays.</summary>
    public void Kill()
    {
        lock (gate)
        {
            incarnation++;
            nameless.Clear();
            isStopped = false;
            Faults.CrashAtOperation = 0;
        }
    }

    /// <summary>Flips the bits of <paramref name="mask"/> in one byte of a file, on the disk itself.</summary>
    public void Corrupt(string path, long offset, byte mask)
    {
        lock (gate) Find(FileOperation.Write, path).Corrupt(offset, mask);
    }

    /// <inheritdoc/>
    public IFile Open(string path)
    {
        lock (gate)
        {
            Check(FileOperation.Open, path);
            return Opened(path, Find(FileOperation.Open, path));
        }
    }

    /// <inheritdoc/>
    public IFile Create(string path, long sizeBytes)
    {
        lock (gate)
        {
            bool stops = Begin(FileOperation.Create, path);
            if (names.Find(path) is not null) throw Failed(FileOperation.Create, path, ErrorNumbers.Exists, "the file exists");
            if (!names.HasFolder(SimulatedNames.FolderOf(path))) throw Failed(FileOperation.Create, path, ErrorNumbers.NotFound, "no such folder");
            if (sizeBytes > FreeNow) throw Failed(FileOperation.Create, path, ErrorNumbers.NoSpace, NoSpace);
            var content = new SimulatedContent(sizeBytes);
            End(stops, () => names.Add(path, content));
            return Opened(path, content);
        }
    }

    /// <inheritdoc/>
    public void SyncFolder(string folder)
    {
        lock (gate)
        {
            bool stops = Begin(FileOperation.SyncFolder, folder);
            if (!names.HasFolder(folder)) throw Failed(FileOperation.SyncFolder, folder, ErrorNumbers.NotFound, "no such folder");
            End(stops, () => names.Sync(folder == "." ? "" : folder));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder)
    {
        lock (gate)
        {
            Check(FileOperation.List, folder);
            if (!names.HasFolder(folder)) throw Failed(FileOperation.List, folder, ErrorNumbers.NotFound, "no such folder");
            return names.List(folder);
        }
    }

    /// <inheritdoc/>
    public bool Exists(string path)
    {
        lock (gate)
        {
            Check(FileOperation.Open, path, mayFail: false);
            return names.Find(path) is not null || names.HasFolder(path);
        }
    }

    /// <inheritdoc/>
    public void CreateFolder(string folder)
    {
        lock (gate)
        {
            bool stops = Begin(FileOperation.CreateFolder, folder);
            End(stops, () => names.AddFolder(folder));
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        lock (gate)
        {
            bool stops = Begin(FileOperation.Rename, from);
            SimulatedContent content = Find(FileOperation.Rename, from);
            End(stops, () => names.Rename(from, to, content));
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        lock (gate)
        {
            bool stops = Begin(FileOperation.Delete, path);
            SimulatedContent content = Find(FileOperation.Delete, path);
            End(stops, () =>
            {
                names.Remove(path);
                if (content.OpenIn == incarnation && content.Openings > 0) nameless.Add(content);
            });
        }
    }

    /// <inheritdoc/>
    public long FreeBytes(string folder)
    {
        lock (gate)
        {
            Check(FileOperation.FreeBytes, folder);
            return FreeNow;
        }
    }

    private const string NoSpace = "no space left on the volume";

    private long FreeNow => Math.Max(0, VolumeBytes - names.UsedBytes - nameless.Sum(content => content.Length));

    private SimulatedFile Opened(string path, SimulatedContent content)
    {
        if (content.OpenIn != incarnation) (content.OpenIn, content.Openings) = (incarnation, 0);
        content.Openings++;
        return new SimulatedFile(this, path, content, incarnation);
    }

    private void Close(SimulatedFile file)
    {
        lock (gate)
        {
            if (file.Incarnation == incarnation && --file.Content.Openings == 0) nameless.Remove(file.Content);
        }
    }

    private int Read(SimulatedFile file, long offset, Span<byte> into)
    {
        lock (gate)
        {
            Check(FileOperation.Read, file.Path, file.Incarnation);
            int count = file.Content.Read(offset, into);
            if (count > 0 && Faults.FlippedBitProbability > 0 && dice.NextDouble() < Faults.FlippedBitProbability)
                into[dice.Next(count)] ^= (byte)(1 << dice.Next(8));
            return count;
        }
    }

    private void Write(SimulatedFile file, long offset, ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            bool stops = Begin(FileOperation.Write, file.Path, file.Incarnation);
            if (offset + bytes.Length - file.Content.Length > FreeNow) throw Failed(FileOperation.Write, file.Path, ErrorNumbers.NoSpace, NoSpace);
            file.Content.Write(offset, bytes);
            if (stops) throw Stopped();
        }
    }

    private void Sync(SimulatedFile file)
    {
        lock (gate)
        {
            // A machine that stops in a sync leaves all its pages to chance, as if the sync had not begun.
            if (Begin(FileOperation.Sync, file.Path, file.Incarnation, failing: () => file.Content.FailSync(dice))) throw Stopped();
            Syncs++;
            file.Content.Sync();
        }
    }

    private bool Begin(FileOperation operation, string path, int? opened = null, Action? failing = null)
    {
        Check(operation, path, opened, mayFail: false);
        Operations++;
        int error = Faults.Next(operation, dice);
        if (error != 0)
        {
            failing?.Invoke();
            throw Failed(operation, path, error, "as planned");
        }

        return Faults.CrashAtOperation == Operations;
    }

    private void End(bool stops, Action change)
    {
        if (!stops || dice.Next(2) == 0) change();
        if (stops) throw Stopped();
    }

    private SimulatedCrashException Stopped()
    {
        isStopped = true;
        return new SimulatedCrashException(Operations);
    }

    private void Check(FileOperation operation, string path, int? opened = null, bool mayFail = true)
    {
        if (isStopped || (opened is not null && opened != incarnation)) throw new SimulatedCrashException(Operations);
        int error = mayFail ? Faults.Next(operation, dice) : 0;
        if (error != 0) throw Failed(operation, path, error, "as planned");
    }

    private SimulatedContent Find(FileOperation operation, string path) =>
        names.Find(path) ?? throw Failed(operation, path, ErrorNumbers.NotFound, "no such file");

    private static FileFailedException Failed(FileOperation operation, string path, int error, string reason) =>
        new(operation, path, error, $"simulated: {reason}");

    private sealed class SimulatedFile(SimulatedFileSystem system, string path, SimulatedContent content, int incarnation) : IFile
    {
        private bool isClosed;

        public string Path => path;

        public SimulatedContent Content => content;

        public int Incarnation => incarnation;

        public long Length
        {
            get
            {
                lock (system.gate) return content.Length;
            }
        }

        public int Read(long offset, Span<byte> into) => system.Read(this, offset, into);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => system.Write(this, offset, bytes);

        public void Sync() => system.Sync(this);

        public void Dispose()
        {
            if (!isClosed) system.Close(this);
            isClosed = true;
        }
    }
}
