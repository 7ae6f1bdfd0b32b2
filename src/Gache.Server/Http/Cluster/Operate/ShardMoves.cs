using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary>Begins, keeps and lists the moves of the shard that this node leads. What it decides stands in the shard's log.</summary>
/// <remarks>
/// Each begins with a look that a quorum confirms: a leader of this moment may not have applied what the one before it was answered, and one that
/// was deposed does not know of it. "Nothing to do" would be untrue from either.
/// </remarks>
internal static class ShardMoves
{
    /// <summary>The most moves that one answer lists.</summary>
    public const int MaxListed = 1_000;

    private const int KeptAtOnce = 256;
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(250);

    /// <summary>Lets slots leave for another shard: all of them, or none.</summary>
    /// <returns>How many are on their way there now, with those that already were.</returns>
    public static async Task<(int Moving, Declined? Declined)> BeginAsync(IShard shard, SlotSet slots, ShardId to)
    {
        ((Declined? Wrong, bool IsOwned) now, Refusal? unseen) =
            await shard.InspectLatestAsync(store => (MayLeave(store, slots, to), IsOwned(store, slots))).ConfigureAwait(false);
        if (unseen is not null) return (0, Declined.Of(unseen));
        if (now.Wrong is not null) return (0, now.Wrong);
        if (now.IsOwned)
        {
            WriteAnswer answer = await shard.WriteAsync(new SlotsCommand(CommandKind.Leave, to, false, slots).Encode()).ConfigureAwait(false);
            if (answer.Refusal is { } refusal) return (0, Of(refusal));
        }

        return (slots.Count, null);
    }

    /// <summary>Keeps those slots that have not been handed over yet.</summary>
    /// <returns>How many are kept; what was declined concerns the rest.</returns>
    public static async Task<(int Kept, Declined? Declined)> KeepAsync(IShard shard, SlotSet slots)
    {
        (List<(int Slot, ulong Epoch)>? leaving, Refusal? unseen) = await shard.InspectLatestAsync(store => Leaving(store, slots)).ConfigureAwait(false);
        if (unseen is not null) return (0, Declined.Of(unseen));
        int kept = 0;
        Declined? declined = null;
        foreach ((int Slot, ulong Epoch)[] some in leaving!.Chunk(KeptAtOnce))
        {
            ValueTask<WriteAnswer>[] writes = [.. some.Select(one => shard.WriteAsync(new SlotCommand(CommandKind.Keep, one.Slot, one.Epoch).Encode()))];
            foreach (ValueTask<WriteAnswer> write in writes)
            {
                WriteAnswer answer = await write.ConfigureAwait(false);
                if (answer.Refusal is null) kept++;
                else if (answer.Refusal.Code != RefusalCode.Outdated) declined ??= Of(answer.Refusal); // else it was handed over in between
            }

            if (declined is not null) break;
        }

        return (kept, declined);
    }

    /// <summary>The moves that this shard's log tells of.</summary>
    public static async Task<(MoveList? List, Declined? Declined)> ListAsync(IShard shard)
    {
        ShardId own = shard.Status.Shard;
        (MoveList? list, Refusal? unseen) = await shard.InspectLatestAsync(store => List(store, own)).ConfigureAwait(false);
        return unseen is null ? (list, null) : (null, Declined.Of(unseen));
    }

    private static Declined? MayLeave(KeyValueStore store, SlotSet slots, ShardId to)
    {
        foreach ((int first, int last) in slots.Ranges)
        {
            for (int slot = first; slot <= last; slot++)
            {
                SlotState now = store.SlotAt(slot);
                bool isOnItsWay = now.Phase is SlotPhase.Leaving or SlotPhase.Handed or SlotPhase.Cleaning;
                if (now.Phase == SlotPhase.Owned || (isOnItsWay && now.Transfer.Peer == to)) continue;
                return now.Phase == SlotPhase.Leaving
                    ? new Declined(ProblemTable.SlotsBusy, $"slot {slot} is on its way to shard {now.Transfer.Peer}: DELETE /cluster/move keeps it, and then it can move elsewhere")
                    : new Declined(ProblemTable.SlotMoving, $"slot {slot} changes hands, or has just done so; nothing was begun: try again", Soon);
            }
        }

        return null;
    }

    private static bool IsOwned(KeyValueStore store, SlotSet slots) => slots.Ranges.Any(range =>
        Enumerable.Range(range.First, range.Last - range.First + 1).Any(slot => store.PhaseOf(slot) == SlotPhase.Owned));

    private static List<(int Slot, ulong Epoch)> Leaving(KeyValueStore store, SlotSet slots)
    {
        var leaving = new List<(int, ulong)>();
        foreach (int slot in store.MovingSlots.Where(slots.Contains))
        {
            if (store.SlotAt(slot) is { Phase: SlotPhase.Leaving } state) leaving.Add((slot, state.Epoch));
        }

        return leaving;
    }

    private static MoveList List(KeyValueStore store, ShardId own)
    {
        var leaving = new List<SlotMove>();
        var importing = new List<SlotMove>();
        int left = 0;
        foreach (int slot in store.MovingSlots)
        {
            SlotState state = store.SlotAt(slot);
            if (state.Phase == SlotPhase.Importing)
            {
                importing.Add(new SlotMove(slot, state.Transfer.Peer, own, MoveState.Importing)); // bounded: KeyValueStore.MaxImports
                continue;
            }

            left++;
            if (leaving.Count < MaxListed) leaving.Add(new SlotMove(slot, own, state.Transfer.Peer, StateOf(state.Phase)));
        }

        return new MoveList(leaving, importing, left);
    }

    private static MoveState StateOf(SlotPhase phase) => phase switch
    {
        SlotPhase.Leaving => MoveState.Leaving,
        SlotPhase.Handed => MoveState.Handed,
        SlotPhase.Keeping => MoveState.Keeping,
        _ => MoveState.Cleaning,
    };

    private static Declined Of(Refusal refusal) => refusal.Code == RefusalCode.Outdated
        ? new Declined(ProblemTable.SlotMoving, "the slots changed hands in between; nothing was begun: try again", Soon)
        : Declined.Of(refusal);
}

/// <summary>How far the move of a slot is.</summary>
internal enum MoveState
{
    /// <summary>On its way; its source serves it.</summary>
    Leaving,

    /// <summary>Handed over, and not confirmed yet: nobody serves it.</summary>
    Handed,

    /// <summary>Its target owns it; the source deletes its copy.</summary>
    Cleaning,

    /// <summary>Its source kept it, and the target is to be told.</summary>
    Keeping,

    /// <summary>The target has a part of it, and its source does not tell of it.</summary>
    Importing,
}

/// <summary>A slot between two shards.</summary>
internal readonly record struct SlotMove(int Slot, ShardId From, ShardId To, MoveState State);

/// <summary>The moves of one shard.</summary>
/// <param name="Leaving">Those that it gives away, at most <see cref="ShardMoves.MaxListed"/>.</param>
/// <param name="Importing">Those that it receives.</param>
/// <param name="Left">How many it gives away.</param>
internal sealed record MoveList(IReadOnlyList<SlotMove> Leaving, IReadOnlyList<SlotMove> Importing, int Left);
