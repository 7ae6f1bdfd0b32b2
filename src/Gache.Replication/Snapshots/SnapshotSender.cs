using Gache.Log;
using Gache.Primitives;

namespace Gache.Replication;

/// <summary>Sends a snapshot's file to followers that are too far behind, a window of chunks ahead of their answers.</summary>
internal sealed class SnapshotSender(SnapshotFolder folder, IBackground background, ITransport transport, Action<Action> post, NodeId self)
{
    private const int ChunkBytes = 256 << 10;
    private const int WindowBytes = 8 * ChunkBytes;
    private const long ResendAfterTicks = 100;
    private const long GiveUpAfterTicks = 1_000;

    private readonly Dictionary<NodeId, Transfer> transfers = [];

    /// <summary>Told when a transfer ended, and how.</summary>
    public Action<NodeId, TransferEnd>? Ended { get; set; }

    /// <summary>True while this follower is being sent one.</summary>
    public bool IsSendingTo(NodeId follower) => transfers.ContainsKey(follower);

    /// <summary>Begins a transfer.</summary>
    public void Start(NodeId follower, SnapshotFile file, ulong term, long tick)
    {
        var transfer = new Transfer(follower, file, term) { ProgressTick = tick, ResendTick = tick + ResendAfterTicks };
        transfers[follower] = transfer;
        Pump(transfer);
    }

    /// <summary>Takes a follower's answer.</summary>
    public void Take(SnapshotChunkAnswer answer, long tick)
    {
        if (!transfers.TryGetValue(answer.From, out Transfer? transfer) || transfer.File.Index != answer.SnapshotIndex) return;
        if (answer.IsRefused || (transfer.Length != 0 && answer.NextOffset >= transfer.Length))
        {
            End(transfer, answer.IsRefused ? TransferEnd.Refused : TransferEnd.Whole);
            return;
        }

        if (answer.NextOffset == 0) (transfer.Acknowledged, transfer.Sent) = (0, 0); // the follower began anew: from the start
        if (answer.NextOffset < transfer.Acknowledged) return;
        if (answer.NextOffset > transfer.Acknowledged) (transfer.ProgressTick, transfer.ResendTick) = (tick, tick + ResendAfterTicks);
        transfer.Acknowledged = answer.NextOffset;
        transfer.Sent = Math.Max(transfer.Sent, answer.NextOffset);
        Pump(transfer);
    }

    /// <summary>Repeats what got no answer, and gives up what gets none for long.</summary>
    public void Tick(long tick, ulong term, bool isLeader)
    {
        if (transfers.Count == 0) return;
        foreach (Transfer transfer in transfers.Values)
        {
            if (!isLeader || transfer.Term != term || tick - transfer.ProgressTick > GiveUpAfterTicks)
            {
                End(transfer, TransferEnd.GivenUp);
                continue;
            }

            if (tick < transfer.ResendTick) continue;
            transfer.ResendTick = tick + ResendAfterTicks;
            transfer.Sent = transfer.Acknowledged;
            Pump(transfer);
        }
    }

    /// <summary>Ends all transfers: leadership is over.</summary>
    public void Stop()
    {
        foreach (Transfer transfer in transfers.Values) End(transfer, TransferEnd.GivenUp);
    }

    private void End(Transfer transfer, TransferEnd how)
    {
        transfers.Remove(transfer.Follower);
        background.Run(transfer.Close);
        Ended?.Invoke(transfer.Follower, how);
    }

    private void Pump(Transfer transfer)
    {
        if (transfer.IsReading) return;
        long from = transfer.Sent;
        long to = transfer.Acknowledged + WindowBytes;
        if (from >= to || (transfer.Length != 0 && from >= transfer.Length)) return;
        transfer.IsReading = true;
        background.Run(() => ReadAndSend(transfer, from, to));
    }

    private void ReadAndSend(Transfer transfer, long from, long to)
    {
        try
        {
            SnapshotReader reader = transfer.Open(folder);
            to = Math.Min(to, reader.Length);
            while (from < to)
            {
                var bytes = new byte[Math.Min(ChunkBytes, to - from)];
                int read = reader.ReadRaw(from, bytes);
                Invariant.Holds(read == bytes.Length, $"{reader.Path} ended at {from + read}");
                transport.Send(new SnapshotChunk
                {
                    To = transfer.Follower, From = self, Term = transfer.Term, SnapshotIndex = transfer.File.Index, SnapshotTerm = transfer.File.Term,
                    Offset = from, TotalLength = reader.Length, Bytes = bytes,
                });
                from += read;
            }

            long length = reader.Length;
            post(() =>
            {
                transfer.IsReading = false;
                transfer.Length = length;
                transfer.Sent = from;
                if (transfers.GetValueOrDefault(transfer.Follower) == transfer) Pump(transfer);
            });
        }
        catch (Exception) // the file is gone or cannot be read: this transfer ends, and the next asks for the newest snapshot
        {
            post(() =>
            {
                if (transfers.GetValueOrDefault(transfer.Follower) == transfer) End(transfer, TransferEnd.GivenUp);
            });
        }
    }

    private sealed class Transfer(NodeId follower, SnapshotFile file, ulong term)
    {
        private SnapshotReader? reader;

        public NodeId Follower { get; } = follower;

        public SnapshotFile File { get; } = file;

        public ulong Term { get; } = term;

        public long Length { get; set; }

        public long Sent { get; set; }

        public long Acknowledged { get; set; }

        public long ProgressTick { get; set; }

        /// <summary>When what was sent and got no answer is sent again. (Ticks are told several at a time: it is passed, not met.)</summary>
        public long ResendTick { get; set; }

        public bool IsReading { get; set; }

        public SnapshotReader Open(SnapshotFolder folder) => reader ??= folder.Read(File);

        public void Close()
        {
            reader?.Dispose();
            reader = null;
        }
    }
}
