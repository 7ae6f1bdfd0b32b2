namespace Gache.Primitives;

/// <summary>Mistakes that the simulation must be able to find. Each stands as one switched line where the real thing is done.</summary>
public enum PlantedFault
{
    /// <summary>Nothing is planted.</summary>
    None,

    /// <summary>An append is answered before its entries are synced (against P2).</summary>
    AnswerBeforeSync,

    /// <summary>A vote is given and not written to the log (against P2).</summary>
    VoteNotPersisted,

    /// <summary>An entry of an earlier term is committed by counting (against thesis §3.6.2).</summary>
    OldTermCommittedByCounting,

    /// <summary>A late "durable" of an entry that was since replaced is counted (design: Raft core).</summary>
    LateDurableCounted,

    /// <summary>A read is confirmed by a round that was sent before it was registered.</summary>
    ReadConfirmedByEarlierRound,

    /// <summary>Recovery believes a tail that it has not synced itself (against P4).</summary>
    RecoveredTailTrusted,

    /// <summary>"Not applied" is said because an entry was truncated from the own log (against P11).</summary>
    NotAppliedOnTruncation,

    /// <summary>A slot's source goes on serving what it has handed over (against P9).</summary>
    HandedSlotServed,

    /// <summary>A slot's target owns what it has without comparing it with what was handed over, and its source does not send the rest.</summary>
    TakenWithoutChecksum,

    /// <summary>A late release of an earlier epoch erases a slot that came back.</summary>
    LateReleaseErases,

    /// <summary>A slot is kept at the epoch that it had, and not above the one that its target was offered.</summary>
    KeptWithoutNewEpoch,

    /// <summary>A stream that was overtaken by a later one still ends the import.</summary>
    OlderStreamTakesOver,

    /// <summary>A condition that names a revision is taken to hold for any key that is there.</summary>
    AnyRevisionMatches,

    /// <summary>An addition is carried out whatever bound it names.</summary>
    BoundIgnored,

    /// <summary>A repeat of a keyed write is carried out again.</summary>
    RepeatForgotten,

    /// <summary>A key is over some seconds before its time.</summary>
    ExpiredEarly,

    /// <summary>A request that waits is answered when half of its time is over, whatever there is to answer.</summary>
    WaitCutShort,

    /// <summary>A stale read does not wait until its replica has what it must see.</summary>
    RevisionNotAwaited,

    /// <summary>Of a transaction only the first operation is carried out.</summary>
    TransactionHalfDone,

    /// <summary>A page of a scan tells a slot that its shard does not serve.</summary>
    ScanOfForeignSlots,
}

/// <summary>Says which mistake is planted on this thread. In a Release build none can be: every question is a constant no.</summary>
public static class Planted
{
#if DEBUG
    [ThreadStatic]
    private static PlantedFault active;

    /// <summary>The mistake planted on this thread, where the simulation runs its whole world.</summary>
    public static PlantedFault Active
    {
        get => active;
        set => active = value;
    }

    /// <summary>True while <paramref name="fault"/> is planted.</summary>
    public static bool Is(PlantedFault fault) => active == fault;
#else
    /// <summary>Always none in a Release build.</summary>
    public static PlantedFault Active => PlantedFault.None;

    /// <summary>Never in a Release build.</summary>
    public static bool Is(PlantedFault fault) => false;
#endif
}
