using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

/// <summary>The giving end of slot moves, at the leader of the source shard: drives every slot that its log says is on its way.</summary>
/// <remarks>
/// It remembers nothing that matters: a leader that comes after finds in the applied state how far each move is, and goes on. The only
/// commit point is the source's entry "handed"; before it a slot can be kept, after it the target alone can own it.
/// </remarks>
internal sealed class SlotSource(Func<Replica?> replica, ICalls calls, IShardFinder shards, MoveOptions options, Action<int, ShardId, ulong> confirmed, ILogger logger)
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, long> running = []; // slot → run; a run that was overtaken by a new term is not waited for
    private readonly Dictionary<int, long> restUntil = [];
    private ulong term;
    private ulong attempts;
    private long runs;
    private long tick;
    private long seenVersion = -1;
    private bool isLooking;
    private bool isAnythingMoving;

    /// <summary>How many slots are worked on at this moment.</summary>
    public int Running
    {
        get
        {
            lock (gate) return running.Count;
        }
    }

    /// <summary>Time passed: begins what waits. Called every <see cref="ClusterTimes.Tick"/>.</summary>
    public void Tick()
    {
        tick++;
        if (replica() is not { } own || own.Status is not { Role: ReplicaRole.Leader } status) return;
        lock (gate)
        {
            if (status.Term != term)
            {
                (term, attempts) = (status.Term, 0);
                running.Clear();
                restUntil.Clear();
                seenVersion = -1;
            }

            long version = own.SlotsVersion;
            if (isLooking || (version == seenVersion && !isAnythingMoving)) return;
            (isLooking, seenVersion) = (true, version);
        }

        _ = LookAsync(own, status.Term);
    }

    private async Task LookAsync(Replica own, ulong leadingTerm)
    {
        try
        {
            List<(int Slot, SlotState State)> moving = await own.InspectAsync(FindWork).ConfigureAwait(false);
            var begun = new List<(int Slot, SlotState State, ulong Stream, long Run)>();
            lock (gate)
            {
                isAnythingMoving = moving.Count > 0;
                foreach ((int slot, SlotState state) in moving)
                {
                    if (running.Count >= options.SlotsAtOnce || term != leadingTerm) break;
                    if (running.ContainsKey(slot) || restUntil.GetValueOrDefault(slot) > tick) continue;
                    running.Add(slot, ++runs);
                    begun.Add((slot, state, (leadingTerm << AttemptBits) | (++attempts & ((1ul << AttemptBits) - 1)), runs));
                }
            }

            foreach ((int slot, SlotState state, ulong stream, long run) in begun) _ = RunAsync(own, slot, state, stream, run);
        }
        catch (OperationCanceledException)
        {
            // loading, or ended
        }
        finally
        {
            lock (gate) isLooking = false;
        }
    }

    private static List<(int Slot, SlotState State)> FindWork(KeyValueStore store)
    {
        var found = new List<(int, SlotState)>();
        foreach (int slot in store.MovingSlots)
        {
            SlotState state = store.SlotAt(slot);
            if (state.Phase == SlotPhase.Importing) continue;
            // What nobody serves comes first, then what is to be deleted; new moves wait for both.
            if (state.Phase == SlotPhase.Handed) found.Insert(0, (slot, state));
            else found.Add((slot, state));
            if (found.Count >= MaxLooked) break;
        }

        return found;
    }

    private async Task RunAsync(Replica own, int slot, SlotState state, ulong stream, long run)
    {
        bool isDone = false;
        try
        {
            isDone = state.Phase switch
            {
                SlotPhase.Leaving or SlotPhase.Handed => await MoveAsync(own, slot, state, stream).ConfigureAwait(false),
                SlotPhase.Cleaning => await CleanAsync(own, slot, state.Epoch).ConfigureAwait(false),
                SlotPhase.Keeping => await TellKeptAsync(own, slot, state).ConfigureAwait(false),
                _ => false,
            };
        }
        catch (OperationCanceledException)
        {
            // loading, or ended: whoever leads next goes on
        }
        finally
        {
            lock (gate)
            {
                if (running.GetValueOrDefault(slot) == run)
                {
                    running.Remove(slot);
                    if (isDone) restUntil.Remove(slot);
                    else restUntil[slot] = tick + options.RestTicks;
                }

                // The next slot begins at once; a tick is for what failed and for what is new.
                isDone &= !isLooking;
                isLooking |= isDone;
            }
        }

        if (isDone) await LookAsync(own, stream >> AttemptBits).ConfigureAwait(false);
    }

    /// <summary>Streams a slot, hands it over, and waits until the target owns it.</summary>
    private async Task<bool> MoveAsync(Replica own, int slot, SlotState state, ulong stream)
    {
        ShardId target = state.Transfer.Peer;
        ulong epoch = state.Phase == SlotPhase.Leaving ? state.Epoch + 1 : state.Epoch;
        if (shards.LeaderOf(target) is not { } peer) return false;
        var begin = new SlotCommand(CommandKind.BeginImport, slot, epoch, own.Status.Shard, stream);
        MoveAnswer answer = await AskAsync(peer, CallKind.ImportBegin, target, begin.Encode(), options.LongCall).ConfigureAwait(false);
        if (answer == MoveAnswer.Owned) return await ConfirmAsync(own, slot, target, epoch).ConfigureAwait(false);
        if (answer != MoveAnswer.Done) return false;

        SlotExport export = await own.InspectAsync(store => store.BeginExport(slot)).ConfigureAwait(false);
        try
        {
            ulong chunk = 0;
            while (true)
            {
                // Handed over when little is left: what changes from then on is refused, and the rest is sent while nobody serves the slot.
                (byte[] records, bool isNearlyDone, bool hasFailed) = await own.InspectAsync(_ => (export.Next(options.ChunkBytes), export.IsNearlyCaughtUp, export.HasFailed)).ConfigureAwait(false);
                if (hasFailed) return false;
                if (records.Length > 0 && await SendAsync(peer, target, begin, chunk++, records).ConfigureAwait(false) != MoveAnswer.Done) return false;
                if (isNearlyDone) break;
            }

            if (state.Phase == SlotPhase.Leaving)
            {
                WriteAnswer handed = await own.WriteAsync(new SlotCommand(CommandKind.Hand, slot, state.Epoch, target).Encode()).ConfigureAwait(false);
                if (handed.Refusal is not null) return false; // or unknown: the applied state will tell
            }

            while (!Planted.Is(PlantedFault.TakenWithoutChecksum))
            {
                (byte[] records, bool isAll, bool hasFailed) = await own.InspectAsync(_ => (export.Next(options.ChunkBytes), export.IsCaughtUp, export.HasFailed)).ConfigureAwait(false);
                if (hasFailed) return false;
                if (records.Length > 0 && await SendAsync(peer, target, begin, chunk++, records).ConfigureAwait(false) != MoveAnswer.Done) return false;
                if (isAll) break;
            }

            (UInt128 checksum, ulong revision, ulong time) = await own.InspectAsync(store => (store.SlotChecksum(slot), store.Revision, store.SlotTime(slot))).ConfigureAwait(false);
            SlotCommand takeOver = begin with { Kind = CommandKind.TakeOver, Number = revision, Checksum = checksum, SlotTime = time };
            if (await AskAsync(peer, CallKind.ImportOwn, target, takeOver.Encode(), options.Call).ConfigureAwait(false) != MoveAnswer.Owned) return false;
        }
        finally
        {
            await EndAsync(own, export).ConfigureAwait(false);
        }

        return await ConfirmAsync(own, slot, target, epoch).ConfigureAwait(false);
    }

    private static async Task EndAsync(Replica own, SlotExport export)
    {
        try
        {
            await own.InspectAsync(_ =>
            {
                export.Dispose();
                return true;
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The state was replaced, and the export with it.
        }
    }

    private async Task<bool> ConfirmAsync(Replica own, int slot, ShardId target, ulong epoch)
    {
        confirmed(slot, target, epoch);
        logger.SlotMoved(slot, target, epoch);
        return await CleanAsync(own, slot, epoch).ConfigureAwait(false);
    }

    /// <summary>Deletes what is not ours any more, slice by slice, each a small entry: others' writes go between them.</summary>
    private async Task<bool> CleanAsync(Replica own, int slot, ulong epoch)
    {
        while (true)
        {
            var release = new SlotCommand(CommandKind.Release, slot, epoch, Number: (ulong)options.RecordsASlice);
            WriteAnswer answer = await own.WriteAsync(release.Encode()).ConfigureAwait(false);
            if (answer.Refusal is { } refusal) return refusal.Code == RefusalCode.Outdated;
            if (own.SlotPhaseOf(slot) != SlotPhase.Cleaning) return true;
        }
    }

    private async Task<bool> TellKeptAsync(Replica own, int slot, SlotState state)
    {
        ShardId target = state.Transfer.Peer;
        if (shards.LeaderOf(target) is { } peer)
        {
            var drop = new SlotCommand(CommandKind.DropImport, slot, state.Epoch, own.Status.Shard);
            if (await AskAsync(peer, CallKind.ImportDrop, target, drop.Encode(), options.Call).ConfigureAwait(false) != MoveAnswer.Done) return false;
        }
        else if (shards.Knows(target))
        {
            return false; // it comes back, and is told then
        }

        return (await own.WriteAsync(new SlotCommand(CommandKind.EndKeep, slot, state.Epoch).Encode()).ConfigureAwait(false)).Refusal is null;
    }

    private Task<MoveAnswer> SendAsync(ClusterPeer peer, ShardId target, SlotCommand begin, ulong chunk, byte[] records) =>
        AskAsync(peer, CallKind.ImportChunk, target, (begin with { Kind = CommandKind.Import, Number = chunk }).Encode(records), options.Call);

    private async Task<MoveAnswer> AskAsync(ClusterPeer peer, CallKind kind, ShardId target, byte[] command, TimeSpan timeout) =>
        MoveWire.AnswerOf(await calls.CallAsync(peer.ClusterAddress, peer.Node, kind, MoveWire.Encode(target, command), timeout).ConfigureAwait(false));

    private const int AttemptBits = 24;
    private const int MaxLooked = 256;
}
