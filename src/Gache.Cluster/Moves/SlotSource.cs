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
    private readonly Places places = new(options.SlotsAtOnce, MaxHandedAtOnce);
    private readonly Dictionary<int, Setback> setbacks = [];
    private readonly Dictionary<ShardId, long> leaderlessSince = [];
    private readonly MoveTroubles troubles = new(options.TroubleTicks);
    private TaskCompletionSource nextTick = new();
    private ulong term;
    private ulong attempts;
    private long runs;
    private long moved;
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

    /// <summary>How many slots were moved since this began.</summary>
    public long Moved => Interlocked.Read(ref moved);

    /// <summary>The moves that stand still, and why, for an operator.</summary>
    public IReadOnlyList<string> Troubles => troubles.Words;

    /// <summary>Time passed: begins what waits. Called every <see cref="ClusterTimes.Tick"/>.</summary>
    public void Tick()
    {
        Volatile.Write(ref tick, tick + 1);
        Interlocked.Exchange(ref nextTick, new TaskCompletionSource()).SetResult();
        if (replica() is not { } own || own.Status is not { Role: ReplicaRole.Leader } status)
        {
            troubles.Clear();
            return;
        }

        lock (gate)
        {
            if (status.Term != term)
            {
                (term, attempts) = (status.Term, 0);
                running.Clear();
                places.Clear();
                setbacks.Clear();
                leaderlessSince.Clear();
                seenVersion = -1;
            }

            long version = own.SlotsVersion;
            if (!isAnythingMoving) troubles.Clear();
            if (isLooking || (version == seenVersion && !isAnythingMoving)) return;
            (isLooking, seenVersion) = (true, version);
        }

        _ = LookAsync(own, status.Term);
    }

    private async Task LookAsync(Replica own, ulong leadingTerm)
    {
        try
        {
            HashSet<int> busy;
            lock (gate) busy = [.. running.Keys, .. setbacks.Where(pair => pair.Value.RestUntil > tick).Select(pair => pair.Key)];
            Work work = await own.InspectAsync(store => FindWork(store, busy)).ConfigureAwait(false);
            var begun = new List<(int Slot, SlotState State, ulong Stream, long Run)>();
            lock (gate)
            {
                isAnythingMoving = work.IsAnything;
                if (!work.IsAnything) setbacks.Clear();
                Note(work);
                HashSet<ShardId> troubled = [.. setbacks.Values.Select(setback => setback.Target)];
                foreach ((int slot, SlotState state) in work.Found)
                {
                    if (term != leadingTerm || running.ContainsKey(slot)) continue;
                    if (!places.TryTake(slot, state.Phase, troubled.Contains(state.Transfer.Peer) ? state.Transfer.Peer : null)) continue;
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
        catch (Exception fault) when (fault is not InvariantBrokenException)
        {
            logger.MoveFault(fault);
        }
        finally
        {
            lock (gate) isLooking = false;
        }
    }

    /// <summary>What can be worked on now: first what nobody serves, all of it; then the rest, of which a few at a time are begun.</summary>
    private Work FindWork(KeyValueStore store, HashSet<int> busy)
    {
        var handed = new List<(int, SlotState)>();
        var others = new List<(int, SlotState)>();
        var leaderless = new Dictionary<ShardId, Waiting>();
        var looked = new Dictionary<(ShardId, SlotPhase), int>();
        (ShardId Shard, bool HasLeader) latest = default;
        bool isAnything = false;
        foreach (int slot in store.MovingSlots)
        {
            SlotState state = store.SlotAt(slot);
            if (state.Phase == SlotPhase.Importing) continue;
            isAnything = true;
            if (busy.Contains(slot)) continue;
            ShardId target = state.Transfer.Peer;
            if (target != latest.Shard) latest = (target, shards.LeaderOf(target) is not null);
            if (state.Phase != SlotPhase.Cleaning && !latest.HasLeader)
            {
                // Nobody to ask: it takes no place from those that can go on.
                Waiting waiting = leaderless.GetValueOrDefault(target);
                leaderless[target] = new Waiting(waiting.Slots + 1, waiting.Handed + (state.Phase == SlotPhase.Handed ? 1 : 0));
                if (state.Phase != SlotPhase.Keeping || !IsGivenUp(target)) continue;
            }

            if (state.Phase == SlotPhase.Handed) handed.Add((slot, state));
            else if (looked.GetValueOrDefault((target, state.Phase)) is var count && count < MaxLooked)
            {
                looked[(target, state.Phase)] = count + 1;
                others.Add((slot, state));
            }
        }

        handed.AddRange(others);
        return new Work(isAnything, handed, leaderless);
    }

    private bool IsGivenUp(ShardId target)
    {
        lock (gate) return !shards.Knows(target) || (leaderlessSince.TryGetValue(target, out long since) && tick - since >= options.ForgetTicks);
    }

    private void Note(Work work)
    {
        foreach (ShardId target in leaderlessSince.Keys.Except(work.Leaderless.Keys).ToArray()) leaderlessSince.Remove(target);
        foreach (ShardId target in work.Leaderless.Keys) leaderlessSince.TryAdd(target, tick);
        troubles.Begin();
        foreach ((ShardId target, Waiting waiting) in work.Leaderless)
            troubles.Add(target, waiting.Slots, waiting.Handed, tick - leaderlessSince[target], "no live leader of it is known");
        foreach (Setback setback in setbacks.Values) troubles.Add(setback.Target, 1, setback.IsHanded ? 1 : 0, tick - setback.Since, setback.Why);
        troubles.End(tick, logger);
    }

    private async Task RunAsync(Replica own, int slot, SlotState state, ulong stream, long run)
    {
        string? why = "it could not go on here"; // null: done
        try
        {
            why = state.Phase switch
            {
                SlotPhase.Leaving or SlotPhase.Handed => await MoveAsync(own, slot, state, stream).ConfigureAwait(false),
                SlotPhase.Cleaning => await CleanAsync(own, slot, state.Epoch).ConfigureAwait(false),
                SlotPhase.Keeping => await TellKeptAsync(own, slot, state, stream).ConfigureAwait(false),
                _ => null,
            };
        }
        catch (OperationCanceledException)
        {
            // loading, or ended: whoever leads next goes on
        }
        catch (Exception fault) when (fault is not InvariantBrokenException)
        {
            logger.MoveFault(fault);
        }
        finally
        {
            lock (gate)
            {
                if (running.GetValueOrDefault(slot) == run)
                {
                    running.Remove(slot);
                    places.Free(slot);
                    if (why is null) setbacks.Remove(slot);
                    else Rest(slot, state, why);
                }
            }
        }

        // The next slot begins at once; a tick is for what failed and for what is new.
        bool mayLook = false;
        lock (gate)
        {
            if (why is null && !isLooking) mayLook = isLooking = true;
        }

        if (mayLook) await LookAsync(own, stream >> AttemptBits).ConfigureAwait(false);
    }

    private void Rest(int slot, in SlotState state, string why)
    {
        Setback before = setbacks.GetValueOrDefault(slot) ?? new Setback(state.Transfer.Peer, 0, tick, 0, false, "");
        bool isHanded = replica()?.SlotPhaseOf(slot) == SlotPhase.Handed;
        int rest = (int)Math.Min((long)options.RestTicks << Math.Min(before.Count, 20), isHanded ? options.MaxHandedRestTicks : options.MaxRestTicks);
        setbacks[slot] = before with { Count = before.Count + 1, RestUntil = tick + rest, IsHanded = isHanded, Why = why };
    }

    /// <summary>Streams a slot, hands it over, and waits until the target owns it.</summary>
    /// <returns>Why not, or null.</returns>
    private async Task<string?> MoveAsync(Replica own, int slot, SlotState state, ulong stream)
    {
        ShardId target = state.Transfer.Peer;
        bool isHanded = state.Phase == SlotPhase.Handed;
        ulong epoch = isHanded ? state.Epoch : state.Epoch + 1;
        if (shards.LeaderOf(target) is not { } peer) return "no live leader of it is known";
        var begin = new SlotCommand(CommandKind.BeginImport, slot, epoch, own.Status.Shard, stream, Checksum: isHanded ? SlotCommand.Handed : 0);
        MoveAnswer answer = await AskAsync(peer, CallKind.ImportBegin, target, begin.Encode(), options.LongCall).ConfigureAwait(false);
        if (answer == MoveAnswer.Owned)
        {
            // Only what was handed over can be owned there. (A recovered target may be ahead of us: then there are two owners, and an operator decides.)
            return isHanded ? await ConfirmAsync(own, slot, target, epoch).ConfigureAwait(false) : "it says that it owns the slot already";
        }

        if (answer != MoveAnswer.Done) return Words(answer);

        SlotExport export = await own.InspectAsync(store => store.BeginExport(slot)).ConfigureAwait(false);
        try
        {
            ulong chunk = 0;
            while (true)
            {
                // Handed over when little is left: what changes from then on is refused, and the rest is sent while nobody serves the slot.
                (byte[] records, bool isNearlyDone, bool hasFailed) = await own.InspectAsync(_ => (export.Next(options.ChunkBytes), export.IsNearlyCaughtUp, export.HasFailed)).ConfigureAwait(false);
                if (hasFailed) return "it changes faster than it can be sent";
                if (records.Length > 0 && await SendAsync(own, target, begin, chunk++, isHanded, records).ConfigureAwait(false) is not MoveAnswer.Done and var not) return Words(not);
                if (isNearlyDone) break;
            }

            if (!isHanded)
            {
                WriteAnswer handed = await own.WriteAsync(new SlotCommand(CommandKind.Hand, slot, state.Epoch, target).Encode()).ConfigureAwait(false);
                if (handed.Refusal is { } refusal) return refusal.Detail; // or unknown: the applied state will tell
            }

            while (!Planted.Is(PlantedFault.TakenWithoutChecksum))
            {
                (byte[] records, bool isAll, bool hasFailed) = await own.InspectAsync(_ => (export.Next(options.ChunkBytes), export.IsCaughtUp, export.HasFailed)).ConfigureAwait(false);
                if (hasFailed) return "its state was replaced here";
                if (records.Length > 0 && await SendAsync(own, target, begin, chunk++, isHanded: true, records).ConfigureAwait(false) is not MoveAnswer.Done and var not) return Words(not);
                if (isAll) break;
            }

            (UInt128 checksum, ulong revision, ulong time) = await own.InspectAsync(store => (store.SlotChecksum(slot), store.Revision, store.SlotTime(slot))).ConfigureAwait(false);
            SlotCommand takeOver = begin with { Kind = CommandKind.TakeOver, Number = revision, Checksum = checksum, SlotTime = time };
            answer = await InsistAsync(own, stream, CallKind.ImportOwn, target, takeOver.Encode()).ConfigureAwait(false);
            if (answer != MoveAnswer.Owned) return Words(answer);
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

    private async Task<string?> ConfirmAsync(Replica own, int slot, ShardId target, ulong epoch)
    {
        confirmed(slot, target, epoch);
        logger.SlotMoved(slot, target, epoch);
        Interlocked.Increment(ref moved);
        return await CleanAsync(own, slot, epoch).ConfigureAwait(false);
    }

    /// <summary>Deletes what is not ours any more, slice by slice, each a small entry: others' writes go between them.</summary>
    private async Task<string?> CleanAsync(Replica own, int slot, ulong epoch)
    {
        while (true)
        {
            var release = new SlotCommand(CommandKind.Release, slot, epoch, Number: (ulong)options.RecordsASlice);
            WriteAnswer answer = await own.WriteAsync(release.Encode()).ConfigureAwait(false);
            if (answer.Refusal is { } refusal) return refusal.Code == RefusalCode.Outdated ? null : refusal.Detail;
            if (own.SlotPhaseOf(slot) != SlotPhase.Cleaning) return null;
        }
    }

    private async Task<string?> TellKeptAsync(Replica own, int slot, SlotState state, ulong stream)
    {
        ShardId target = state.Transfer.Peer;
        if (shards.LeaderOf(target) is not null)
        {
            var drop = new SlotCommand(CommandKind.DropImport, slot, state.Epoch, own.Status.Shard);
            MoveAnswer answer = await InsistAsync(own, stream, CallKind.ImportDrop, target, drop.Encode()).ConfigureAwait(false);
            if (answer != MoveAnswer.Done) return Words(answer);
        }
        else if (!IsGivenUp(target))
        {
            return "no live leader of it is known"; // it comes back, and is told then
        }

        return (await own.WriteAsync(new SlotCommand(CommandKind.EndKeep, slot, state.Epoch).Encode()).ConfigureAwait(false)).Refusal?.Detail;
    }

    private Task<MoveAnswer> SendAsync(Replica own, ShardId target, SlotCommand begin, ulong chunk, bool isHanded, byte[] records)
    {
        SlotCommand import = begin with { Kind = CommandKind.Import, Number = chunk, Checksum = isHanded ? SlotCommand.Handed : 0 };
        return InsistAsync(own, begin.Stream, CallKind.ImportChunk, target, import.Encode(records));
    }

    /// <summary>Asks whoever leads the target now, again for a while if it cannot now: each step may be said twice, and beginning the stream anew costs
    /// the whole slot.</summary>
    private async Task<MoveAnswer> InsistAsync(Replica own, ulong stream, CallKind kind, ShardId target, byte[] command)
    {
        long until = Volatile.Read(ref tick) + options.InsistTicks;
        while (true)
        {
            MoveAnswer answer = shards.LeaderOf(target) is { } peer ? await AskAsync(peer, kind, target, command, options.Call).ConfigureAwait(false) : MoveAnswer.None;
            if (answer is not (MoveAnswer.None or MoveAnswer.Later) || Volatile.Read(ref tick) >= until || !Leads(own, stream >> AttemptBits)) return answer;
            await Volatile.Read(ref nextTick).Task.ConfigureAwait(false);
        }
    }

    private bool Leads(Replica own, ulong leadingTerm) =>
        replica() == own && own.Status is { Role: ReplicaRole.Leader } status && (status.Term & ((1ul << (64 - AttemptBits)) - 1)) == leadingTerm;

    private async Task<MoveAnswer> AskAsync(ClusterPeer peer, CallKind kind, ShardId target, byte[] command, TimeSpan timeout) =>
        MoveWire.AnswerOf(await calls.CallAsync(peer.ClusterAddress, peer.Node, kind, MoveWire.Encode(target, command), timeout).ConfigureAwait(false));

    private static string Words(MoveAnswer answer) => answer switch
    {
        MoveAnswer.Later => "it cannot take the slot now: its leader changes, or its memory or disk is nearly full",
        MoveAnswer.BeginAnew => "it asks for the slot from the beginning",
        MoveAnswer.None => "its leader does not answer",
        MoveAnswer.OwnedByRecovery => "it was recovered from a folder that may never have had what was handed over, and owns the slot: this shard keeps its copy, unserved, until an operator has compared",
        _ => $"it answers {answer}",
    };

    private const int AttemptBits = 24;
    private const int MaxLooked = 64; // of one target and phase
    private const int MaxHandedAtOnce = 64;

    /// <summary>What a look at the applied state found.</summary>
    private sealed record Work(bool IsAnything, List<(int Slot, SlotState State)> Found, Dictionary<ShardId, Waiting> Leaderless);

    private readonly record struct Waiting(int Slots, int Handed);

    /// <summary>A slot whose move did not get on.</summary>
    private sealed record Setback(ShardId Target, int Count, long Since, long RestUntil, bool IsHanded, string Why);
}
