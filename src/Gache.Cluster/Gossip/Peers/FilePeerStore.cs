namespace Gache.Cluster;

/// <summary>The peers file: the generation and the peers together, so that one atomic replacement saves either.</summary>
public sealed class FilePeerStore : IPeerStore
{
    private readonly Action<byte[]> replaceDurably;
    private readonly Action<Action> inBackground;
    private readonly Action<Exception> peersNotSaved;
    private readonly Lock disk = new();
    private readonly Lock gate = new();
    private ulong generation;
    private IReadOnlyList<SavedPeer> peers;
    private bool isWriteUnderWay;
    private bool isWriteWanted;

    /// <summary>Reads the file.</summary>
    /// <param name="read">Reads it whole; null if there is none.</param>
    /// <param name="replaceDurably">Replaces it atomically (written beside, synced, renamed, folder synced) before it returns; one call at a time.</param>
    /// <param name="inBackground">Runs an action that may block on the disk; the simulation runs it at once.</param>
    /// <param name="peersNotSaved">Told that peers could not be saved: this life goes on without, a next one knows fewer peers.</param>
    public FilePeerStore(Func<byte[]?> read, Action<byte[]> replaceDurably, Action<Action> inBackground, Action<Exception> peersNotSaved)
    {
        (this.replaceDurably, this.inBackground, this.peersNotSaved) = (replaceDurably, inBackground, peersNotSaved);
        (generation, peers, bool isWhole) = read() is { } bytes ? PeerFileText.Read(bytes) : (0, [], true);
        IsDamaged = !isWhole;
    }

    /// <summary>Whether the file held something else than gache writes. Nothing depends on it: a lost generation is found out from the
    /// others' records, lost peers from the seeds; so a node starts with what could be read, and says so.</summary>
    public bool IsDamaged { get; }

    /// <inheritdoc/>
    public ulong ReadGeneration() => generation;

    /// <inheritdoc/>
    public IReadOnlyList<SavedPeer> ReadPeers() => peers;

    /// <inheritdoc/>
    public void SaveGeneration(ulong generation)
    {
        lock (gate) this.generation = generation;
        WriteLatest();
    }

    /// <inheritdoc/>
    public void SavePeers(IReadOnlyList<SavedPeer> peers)
    {
        lock (gate)
        {
            this.peers = peers;
            isWriteWanted = true;
            if (isWriteUnderWay) return; // it looks again when it is done
            isWriteUnderWay = true;
        }

        inBackground(WriteWhileWanted);
    }

    private void WriteWhileWanted()
    {
        while (true)
        {
            lock (gate)
            {
                if (!isWriteWanted)
                {
                    isWriteUnderWay = false;
                    return;
                }

                isWriteWanted = false;
            }

#pragma warning disable CA1031 // Whatever the disk says, it costs only peers that a next life would have known.
            try
            {
                WriteLatest();
            }
            catch (Exception e)
            {
                peersNotSaved(e);
            }
#pragma warning restore CA1031
        }
    }

    private void WriteLatest()
    {
        lock (disk)
        {
            byte[] bytes;
            lock (gate) bytes = PeerFileText.Write(generation, peers);
            replaceDurably(bytes);
        }
    }
}
