namespace Gache.Log;

/// <summary>A snapshot's file is not what was written. It is not used; an older one, or another node's, may be whole.</summary>
public sealed class SnapshotDamagedException(string file, long offset, string what) : Exception(
    $"{file} is damaged at offset {offset}: {what}. It is not used; if no older snapshot with the log after it is left, set this data folder "
    + "aside and start the node with an empty one, so that it rejoins")
{
    /// <summary>The damaged file.</summary>
    public string File { get; } = file;

    /// <summary>Where what cannot be right begins, in bytes from the file's start.</summary>
    public long Offset { get; } = offset;
}
