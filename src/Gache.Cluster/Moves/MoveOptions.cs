namespace Gache.Cluster;

/// <summary>Bounds of slot moves: how much of a shard they may take.</summary>
public sealed record MoveOptions
{
    /// <summary>Slots that one source moves at a time.</summary>
    public int SlotsAtOnce { get; init; } = 4;

    /// <summary>A chunk of a slot's stream in bytes; one record may exceed it.</summary>
    public int ChunkBytes { get; init; } = 64 * 1024;

    /// <summary>Records deleted by one entry.</summary>
    public int RecordsASlice { get; init; } = 256;

    /// <summary>Ticks before a slot is tried again after a failure.</summary>
    public int RestTicks { get; init; } = 4;

    /// <summary>How long a target may take to commit one step.</summary>
    public TimeSpan Call { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long it may take to begin: it empties what an earlier stream left.</summary>
    public TimeSpan LongCall { get; init; } = TimeSpan.FromSeconds(60);
}
