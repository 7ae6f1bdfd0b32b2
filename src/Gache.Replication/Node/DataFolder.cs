using System.Globalization;
using System.Text;
using Gache.Log;
using Gache.Primitives;

namespace Gache.Replication;

/// <summary>Who the node is, as its folder says once it belongs to a shard.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Shard">Its shard.</param>
/// <param name="Cluster">Its cluster.</param>
public sealed record FolderIdentity(NodeId Node, ShardId Shard, ClusterId Cluster);

/// <summary>A join that was begun: the node is nobody yet, and must not found a shard whatever its options say later (P8).</summary>
/// <param name="Node">The id it joins with.</param>
/// <param name="ApiAddresses">Where to ask.</param>
public sealed record FolderJoining(NodeId Node, IReadOnlyList<string> ApiAddresses);

/// <summary>The data folder of a node: who it is, whether it is joining, and where its log and snapshots are.</summary>
/// <remarks>Log and snapshots stand in a folder named by the node's id, so that a node that must begin anew leaves its old data as it is.</remarks>
public sealed class DataFolder
{
    private const string HistoryName = "history";
    private const string IdentityName = "identity";
    private const string JoiningName = "joining";
    private const string MuteName = "mute";
    private const string FoundingName = "founding";
    private const string ConsentName = "consent";
    private const string RemovedName = "removed";
    private const string RecoveringName = "recovering";
    private const string SuperfluousName = ".old";
    private const string Format = "gache 1";

    private readonly IFileSystem files;
    private readonly string folder;

    /// <summary>Opens the folder, or makes it.</summary>
    /// <exception cref="FileFailedException">It cannot be made or read.</exception>
    /// <exception cref="LogFormatException">It was written in a format that is not known.</exception>
    public DataFolder(IFileSystem files, string folder)
    {
        (this.files, this.folder) = (files, folder);
        files.CreateFolder(folder);
        if (Path.GetDirectoryName(folder) is { Length: > 0 } above) files.SyncFolder(above);
    }

    /// <summary>The folder's path.</summary>
    public string Location => folder;

    /// <summary>Where a node's log is.</summary>
    public string LogOf(NodeId node) => Path.Combine(folder, node.ToString(), "log");

    /// <summary>Where a node's snapshots are.</summary>
    public string SnapshotsOf(NodeId node) => Path.Combine(folder, node.ToString(), "snapshots");

    /// <summary>Makes a file for what a process need not find again. Its name goes at once: with the process the file is gone.</summary>
    /// <exception cref="FileFailedException">The disk failed or is full.</exception>
    public IFile CreateHistory(NodeId node)
    {
        string path = Path.Combine(folder, node.ToString(), HistoryName);
        if (files.Exists(path)) files.Delete(path); // of a process that ended in between
        IFile made = files.Create(path, 0);
        files.Delete(path);
        return made;
    }

    /// <summary>Makes the folders of a node durable by name.</summary>
    public void CreateNodeFolders(NodeId node)
    {
        files.CreateFolder(LogOf(node));
        files.CreateFolder(SnapshotsOf(node));
        files.SyncFolder(Path.Combine(folder, node.ToString()));
        files.SyncFolder(folder);
    }

    /// <summary>Who the node is; null if it belongs to no shard yet, or has begun to join as another since.</summary>
    public FolderIdentity? ReadIdentity()
    {
        FolderIdentity? who = ReadIdentityFile();
        return who is not null && ReadJoining() is { } joining && joining.Node != who.Node ? null : who;
    }

    private FolderIdentity? ReadIdentityFile()
    {
        if (ReadLines(IdentityName) is not { } lines) return null;
        if (lines.Length >= 4 && NodeId.TryParse(lines[1], out NodeId node) && ShardId.TryParse(lines[2], out ShardId shard)
            && ClusterId.TryParse(lines[3], out ClusterId cluster)) return new FolderIdentity(node, shard, cluster);
        throw Damaged(IdentityName);
    }

    /// <summary>The join under way; null if there is none.</summary>
    public FolderJoining? ReadJoining()
    {
        if (ReadLines(JoiningName) is not { } lines) return null;
        return lines.Length >= 2 && NodeId.TryParse(lines[1], out NodeId node) ? new FolderJoining(node, lines[2..]) : throw Damaged(JoiningName);
    }

    /// <summary>The node belongs to a shard from now on. Written last, when its log is there; ends a join.</summary>
    public void WriteIdentity(FolderIdentity identity)
    {
        WriteLines(IdentityName, [Format, identity.Node.ToString(), identity.Shard.ToString(), identity.Cluster.ToString()]);
        Remove(JoiningName);
        Remove(RecoveringName);
    }

    /// <summary>A join begins. Written before anybody is asked.</summary>
    public void WriteJoining(FolderJoining joining) => WriteLines(JoiningName, [Format, joining.Node.ToString(), .. joining.ApiAddresses]);

    /// <summary>The node must begin anew as another: "joining" is durable first, then who it was is put away; its data stays in its folder.</summary>
    public void BeginAnew(FolderJoining joining)
    {
        WriteJoining(joining);
        Remove(IdentityName);
    }

    /// <summary>The term in which this member was told that it lost data; 0 if it was not, or is another member by now.</summary>
    public ulong ReadMute(NodeId node)
    {
        if (ReadLines(MuteName) is not { } lines) return 0;
        if (lines.Length < 3 || !NodeId.TryParse(lines[1], out NodeId named) || !ulong.TryParse(lines[2], CultureInfo.InvariantCulture, out ulong term)) throw Damaged(MuteName);
        return named == node ? term : 0;
    }

    /// <summary>This member was told that it lost data: it stays silent, also after a restart (P7).</summary>
    public void WriteMute(NodeId node, ulong term) =>
        WriteLines(MuteName, [Format, node.ToString(), term.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Whether an operator removed the member that this folder belongs to.</summary>
    public bool IsRemoved(NodeId node)
    {
        if (ReadLines(RemovedName) is not { } lines) return false;
        return lines.Length >= 2 && NodeId.TryParse(lines[1], out NodeId named) ? named == node : throw Damaged(RemovedName);
    }

    /// <summary>An operator removed this member: it does nothing any more, also after a restart.</summary>
    public void WriteRemoved(NodeId node) => WriteLines(RemovedName, [Format, node.ToString()]);

    /// <summary>The member as which a shard was about to go on when a recovery ended half-way; null if none did.</summary>
    public NodeId? ReadRecovering()
    {
        if (ReadLines(RecoveringName) is not { } lines) return null;
        return lines.Length >= 2 && NodeId.TryParse(lines[1], out NodeId node) ? node : throw Damaged(RecoveringName);
    }

    /// <summary>A recovery begins: what it writes stands in the folder of this new member. Ended by <see cref="WriteIdentity"/> of it.</summary>
    public void WriteRecovering(NodeId node) => WriteLines(RecoveringName, [Format, node.ToString()]);

    /// <summary>The shard that this node was about to found; null if it was not.</summary>
    public ShardId? ReadFounding()
    {
        if (ReadLines(FoundingName) is not { } lines) return null;
        return lines.Length >= 2 && ShardId.TryParse(lines[1], out ShardId shard) ? shard : throw Damaged(FoundingName);
    }

    /// <summary>A shard is about to be founded. Written before its slots are asked for.</summary>
    public void WriteFounding(ShardId shard) => WriteLines(FoundingName, [Format, shard.ToString()]);

    /// <summary>The founding by another that this node agreed to; null if it agreed to none.</summary>
    public FoundingConsent? ReadConsent()
    {
        if (ReadLines(ConsentName) is not { } lines) return null;
        return lines.Length >= 4 && ShardId.TryParse(lines[1], out ShardId shard) && NodeId.TryParse(lines[2], out NodeId founder)
            ? new FoundingConsent(shard, founder, lines[3]) : throw Damaged(ConsentName);
    }

    /// <summary>This node agrees to a founding. Written before it says so; means nothing any more once the node is of a shard.</summary>
    public void WriteConsent(FoundingConsent consent) =>
        WriteLines(ConsentName, [Format, consent.Shard.ToString(), consent.Founder.ToString(), consent.ApiAddress]);

    /// <summary>Whether this folder never heard of a shard: none was founded or joined here, and none was lost. A join that was only begun heard of none.</summary>
    public bool IsEmpty => ReadIdentityFile() is null && !files.Exists(Path.Combine(folder, IdentityName + SuperfluousName));

    /// <summary>Reads a small file of another room's whole; null if there is none.</summary>
    /// <param name="name">Its name in this folder.</param>
    public byte[]? Read(string name)
    {
        string path = Path.Combine(folder, name);
        if (!files.Exists(path)) return null;
        using IFile file = files.Open(path);
        byte[] bytes = new byte[file.Length];
        int read = file.Read(0, bytes);
        return bytes[..read];
    }

    /// <summary>Replaces a small file whole and durably: written beside, synced, renamed, folder synced.</summary>
    /// <param name="name">Its name in this folder.</param>
    /// <param name="bytes">What it holds from now on.</param>
    public void Replace(string name, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        string path = Path.Combine(folder, name);
        string temporary = path + ".new";
        if (files.Exists(temporary)) files.Delete(temporary);
        using (IFile file = files.Create(temporary, bytes.Length))
        {
            file.Write(0, bytes);
            file.Sync();
        }

        files.Rename(temporary, path);
        files.SyncFolder(folder);
    }

    /// <summary>Whether the member has a log; one that belongs to a shard and has none lost it.</summary>
    public bool HasLog(NodeId node) => files.Exists(LogOf(node)) && files.List(LogOf(node)).Count > 0;

    private string[]? ReadLines(string name)
    {
        string path = Path.Combine(folder, name);
        if (!files.Exists(path)) return null;
        using IFile file = files.Open(path);
        var bytes = new byte[file.Length];
        int read = file.Read(0, bytes);
        string[] lines = Encoding.UTF8.GetString(bytes, 0, read).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 0 && lines[0] == Format ? lines : throw Damaged(name);
    }

    private void WriteLines(string name, IReadOnlyList<string> lines)
    {
        Replace(name, Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
    }

    private void Remove(string name)
    {
        string path = Path.Combine(folder, name);
        if (!files.Exists(path)) return;
        files.Rename(path, path + SuperfluousName); // kept for a person who wants to know
        files.SyncFolder(folder);
    }

    private LogDamagedException Damaged(string name) => new(Path.Combine(folder, name), 0, "it is not what gache writes there");
}
