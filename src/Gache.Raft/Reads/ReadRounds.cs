using Gache.Primitives;

namespace Gache.Raft;

/// <summary>Confirms leadership for all reads that wait, in rounds (thesis §6.4): one is under way at a time.</summary>
/// <remarks>A read counts on the first round that <em>begins</em> after it was registered: an answer to an earlier message proves nothing,
/// as another leader may have been elected and have committed a write between that answer and the read.</remarks>
internal sealed class ReadRounds
{
    private bool isWaiting;

    /// <summary>The number of the round that began last.</summary>
    public ulong Current { get; private set; }

    /// <summary>True while the present round is not confirmed.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>The commit index when the present round began: no lower than that of any read in it.</summary>
    public ulong Index { get; private set; }

    /// <summary>Registers a read and returns the round that will confirm it.</summary>
    public ulong Register()
    {
        if (Planted.Is(PlantedFault.ReadConfirmedByEarlierRound) && IsUnderWay) return Current;
        isWaiting = true;
        return Current + 1;
    }

    /// <summary>Begins the next round if reads wait and none is under way.</summary>
    public bool TryBegin(ulong commitIndex)
    {
        if (!isWaiting || IsUnderWay) return false;
        Current++;
        (isWaiting, IsUnderWay, Index) = (false, true, commitIndex);
        return true;
    }

    /// <summary>Ends the present round: a quorum confirmed it.</summary>
    public void End() => IsUnderWay = false;
}
