using System.Globalization;
using Gache.Primitives;

namespace Gache.Log;

/// <summary>The folder of one log: which segments there are, how one comes to be, how one goes.</summary>
internal sealed class SegmentFolder(IFileSystem files, string folder, ShardId shard, NodeId node, LogOptions options)
{
    private const string Extension = ".log";
    private const string UnfinishedExtension = ".tmp";
    private const int Digits = 20; // of the largest 64-bit number, so that names sort as numbers

    public LogOptions Options => options;

    public string PathOf(ulong number) => Path.Combine(folder, number.ToString("D20", CultureInfo.InvariantCulture) + Extension);

    /// <summary>Makes the folder if it is missing, and removes segments whose creation was not finished: nothing was written to them.</summary>
    public void Prepare()
    {
        DurableFolder.Create(files, folder);
        foreach (string name in files.List(folder))
        {
            if (name.EndsWith(Extension + UnfinishedExtension, StringComparison.Ordinal)) files.Delete(Path.Combine(folder, name));
        }
    }

    public void Sync() => files.SyncFolder(folder);

    /// <summary>The numbers of the segments, rising.</summary>
    public List<ulong> Numbers()
    {
        var numbers = new List<ulong>();
        foreach (string name in files.List(folder))
        {
            if (name.Length == Digits + Extension.Length && name.EndsWith(Extension, StringComparison.Ordinal)
                && ulong.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    /// <summary>Opens a segment and checks that it is one of this log.</summary>
    /// <exception cref="LogForeignException">It belongs to another shard or node.</exception>
    public Segment Open(ulong number)
    {
        IFile file = files.Open(PathOf(number));
        try
        {
            SegmentHead head = SegmentHead.Read(file, number);
            if (head.Shard != shard || head.Node != node) throw new LogForeignException(file.Path, head.Shard, head.Node, shard, node);
            return new Segment(file, head, zeroedTo: SegmentHead.Size);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens the file of a segment once more.</summary>
    public IFile OpenAnother(Segment segment) => files.Open(PathOf(segment.Number));

    /// <summary>
    /// Makes a segment that a batch may be written to at once. It gets its name only when its content is synced, so a segment of that name is
    /// always whole, whatever happens here half-way.
    /// </summary>
    public Segment Create(ulong number)
    {
        string path = PathOf(number);
        var head = new SegmentHead(shard, node, number, options.SegmentSize);
        var bytes = new ByteWriter(SegmentHead.Size);
        head.EncodeTo(bytes);
        long zeroedTo = Math.Min(options.SegmentSize, SegmentHead.Size + (long)options.ZeroAhead);
        using (IFile unfinished = files.Create(path + UnfinishedExtension, options.SegmentSize))
        {
            unfinished.Write(0, bytes.Written);
            ZeroFill.Write(unfinished, SegmentHead.Size, zeroedTo);
            unfinished.Sync();
        }

        files.Rename(path + UnfinishedExtension, path);
        files.SyncFolder(folder);
        return new Segment(files.Open(path), head, zeroedTo);
    }

    /// <summary>Deletes a segment. The folder is synced each time, so that what is left after a crash has no gap in its numbers.</summary>
    public void Delete(ulong number)
    {
        files.Delete(PathOf(number));
        files.SyncFolder(folder);
    }
}
