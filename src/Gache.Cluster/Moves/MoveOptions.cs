namespace Gache.Cluster;

/// <summary>Bounds of slot moves: how much of a shard they may take.</summary>
public sealed record MoveOptions
{
    /// <summary>Slots that one source moves at a time; those that are handed over already are moved beside them.</summary>
    public int SlotsAtOnce { get; init; } = 4;

    /// <summary>A chunk of a slot's stream in bytes; one record may exceed it.</summary>
    public int ChunkBytes { get; init; } = 64 * 1024;

    /// <summary>Records deleted by one entry.</summary>
    public int RecordsASlice { get; init; } = 256;

    /// <summary>Ticks before a slot is tried again after a failure; twice as many after each further one, up to <see cref="MaxRestTicks"/>.</summary>
    public int RestTicks { get; init; } = 4;

    /// <summary>The most ticks before a slot is tried again: an attempt may write the whole slot into the target's log.</summary>
    public int MaxRestTicks { get; init; } = 1_024;

    /// <summary>The same for a slot that is handed over, and so served by nobody.</summary>
    public int MaxHandedRestTicks { get; init; } = 32;

    /// <summary>For so many ticks a step that the target cannot take now is asked again, before the stream is given up and begun anew.</summary>
    public int InsistTicks { get; init; } = 200;

    /// <summary>After so many ticks without progress it is told that a move stands still.</summary>
    public int TroubleTicks { get; init; } = 100;

    /// <summary>After so many ticks without a leader of the target a move that was given up ends without telling it.</summary>
    public int ForgetTicks { get; init; } = 1_200;

    /// <summary>How long a target may take to commit one step.</summary>
    public TimeSpan Call { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long it may take to begin: it empties what an earlier stream left.</summary>
    public TimeSpan LongCall { get; init; } = TimeSpan.FromSeconds(60);
}
