using Gache.Log;
using Gache.Raft;

namespace Gache.Replication;

/// <summary>Takes a leader's snapshot chunk by chunk into a file that gets its name only when it is whole and synced.</summary>
internal sealed class SnapshotIntake(SnapshotFolder folder, IBackground background, Func<long> freeDiskBytes, Action<Action> post)
{
    // Touched by the background only, one chunk after the other.
    private SnapshotReceiver? receiver;
    private (ulong Index, ulong Term, long Length) receiving;

    /// <summary>Told for each chunk: which one, how far the file is, and whether it was refused.</summary>
    public Action<SnapshotChunk, long, bool>? Answered { get; set; }

    /// <summary>Told when the disk has no room for one, which is then refused: a chunk of it, and how many bytes are free.</summary>
    public Action<SnapshotChunk, long>? NoRoom { get; set; }

    /// <summary>Told when a snapshot is whole and synced.</summary>
    public Action<SnapshotFile>? Received { get; set; }

    /// <summary>Takes one chunk; the answer follows when it is written.</summary>
    public void Take(SnapshotChunk chunk) => background.Run(() =>
    {
        try
        {
            Write(chunk);
        }
        catch (Exception e) // a bad checksum, no space: the leader is told, and begins again later
        {
            GiveUp();
            if (e is FileFailedException { IsDiskFull: true }) RefuseForRoom(chunk, 0);
            else post(() => Answered?.Invoke(chunk, 0, true));
        }
    });

    /// <summary>Gives up a transfer under way, if there is one.</summary>
    public void Abandon() => background.Run(GiveUp);

    private void Write(SnapshotChunk chunk)
    {
        (ulong, ulong, long) wanted = (chunk.SnapshotIndex, chunk.SnapshotTerm, chunk.TotalLength);
        if (receiver is null || receiving != wanted)
        {
            if (chunk.Offset != 0)
            {
                post(() => Answered?.Invoke(chunk, 0, false)); // from the start, please
                return;
            }

            GiveUp();
            long free = freeDiskBytes();
            if (free < chunk.TotalLength)
            {
                RefuseForRoom(chunk, free); // else it would come again and again, each time until the disk is full
                return;
            }

            receiver = folder.Receive(new SnapshotMark(chunk.SnapshotIndex, chunk.SnapshotTerm, Configuration.Empty), chunk.TotalLength);
            receiving = wanted;
        }

        receiver.TryWrite(chunk.Offset, chunk.Bytes.Span);
        long received = receiver.Received;
        if (received == receiver.Length)
        {
            SnapshotFile file = receiver.Finish();
            receiver = null;
            post(() => Received?.Invoke(file));
        }

        post(() => Answered?.Invoke(chunk, received, false));
    }

    private void RefuseForRoom(SnapshotChunk chunk, long free) => post(() =>
    {
        NoRoom?.Invoke(chunk, free);
        Answered?.Invoke(chunk, 0, true);
    });

    private void GiveUp()
    {
        try
        {
            receiver?.Abandon();
        }
        catch (FileFailedException)
        {
            // left over; deleted at the next start
        }

        receiver = null;
    }
}
