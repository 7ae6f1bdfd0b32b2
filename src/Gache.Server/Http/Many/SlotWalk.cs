using Gache.Replication;
using Gache.Server.Http.Cluster.Operate;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>Which slots a prefix can have keys in.</summary>
/// <param name="First">The first one.</param>
/// <param name="Last">The last one.</param>
internal readonly record struct SlotSpan(int First, int Last)
{
    /// <summary>All slots; or one, where the prefix has a whole <c>{tag}</c>, which every key that begins with it shares.</summary>
    public static SlotSpan Of(ReadOnlySpan<byte> prefix) => Slot.OfPrefix(prefix) is { } one ? new SlotSpan(one, one) : new SlotSpan(0, Slot.Count - 1);

    /// <summary>Where a walk begins that a client asks to go on at <paramref name="from"/>.</summary>
    public ScanPosition Begin(ScanPosition? from) => from is { } at && at.Slot >= First ? at : new ScanPosition(First, default);
}

/// <summary>Why a walk over slots stopped.</summary>
/// <param name="Refusal">What the leader refused; null if there was nobody to ask.</param>
/// <param name="Nowhere">Why nobody could be asked.</param>
internal sealed record WalkStop(Refusal? Refusal, Declined? Nowhere)
{
    /// <summary>In the words of a problem.</summary>
    public Declined Declined => Nowhere ?? Declined.Of(Refusal!);
}

/// <summary>Walks over slots in order, each at its owner, and waits for an owner where there is none at this moment.</summary>
internal sealed class SlotWalk(SlotPlaces places, IShard own, bool isInCluster)
{
    private readonly Patience patience = new(TimeProvider.System);

    /// <summary>Asks the owner of a position's slot something, until it is carried out or surely cannot be.</summary>
    /// <typeparam name="T">What is answered.</typeparam>
    /// <param name="position">The position.</param>
    /// <param name="ask">Asks a place: what came, or what it refused.</param>
    public async Task<(T? Answer, WalkStop? Stop)> AskAsync<T>(ScanPosition position, Func<SlotPlace, Task<(T? Answer, Refusal? Refusal)>> ask)
        where T : class
    {
        patience.Renew();
        while (true)
        {
            SlotPlace place = places.Find(own, position.Slot);
            Refusal? refusal = null;
            if (place.Nowhere is null)
            {
                (T? answer, refusal) = await ask(place).ConfigureAwait(false);
                if (refusal is null) return (answer, null);
                bool mayGoElsewhere = isInCluster && StepEnd.Refused(refusal).MayGoElsewhere;
                if (!mayGoElsewhere) return (null, new WalkStop(refusal, null));
            }
            else if (place.Nowhere.Problem == ProblemTable.SlotsUnassigned)
            {
                return (null, new WalkStop(null, place.Nowhere));
            }

            if (!await places.WaitAsync(patience).ConfigureAwait(false)) return (null, new WalkStop(refusal, place.Nowhere));
        }
    }
}
