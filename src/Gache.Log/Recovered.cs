using Gache.Raft;

namespace Gache.Log;

/// <summary>What a log held when it was opened; all of it is in stable storage.</summary>
/// <param name="HardState">The last hard state written.</param>
/// <param name="Snapshot">The last snapshot that counts, or null.</param>
/// <param name="FirstIndex">The first entry that the log holds; <paramref name="LastIndex"/> + 1 if it holds none.</param>
/// <param name="LastIndex">The last entry; the snapshot's index, or 0, if the log holds none.</param>
/// <param name="Terms">The terms of the entries held, as runs in the order of their index.</param>
/// <param name="Configurations">The configuration entries held, in the order of their index.</param>
/// <param name="Cut">What was cut because it was never synced; null if nothing was.</param>
/// <param name="LastWrite">The highest <see cref="LogWrite.Number"/> of which anything may have been written.</param>
public sealed record Recovered(
    HardState HardState,
    SnapshotMark? Snapshot,
    ulong FirstIndex,
    ulong LastIndex,
    IReadOnlyList<TermRun> Terms,
    IReadOnlyList<Entry> Configurations,
    CutTail? Cut,
    ulong LastWrite = 0);

/// <summary>The entries from <paramref name="FirstIndex"/> to the next run are of this term.</summary>
/// <param name="FirstIndex">The first entry of the run.</param>
/// <param name="Term">The term of them all.</param>
public readonly record struct TermRun(ulong FirstIndex, ulong Term);

/// <summary>An end of the log that was never synced, so never acknowledged, and not whole.</summary>
/// <param name="File">The file it was cut from.</param>
/// <param name="Offset">Where, in bytes from the file's start.</param>
/// <param name="Bytes">How many bytes, up to the last that was not zero.</param>
public sealed record CutTail(string File, long Offset, long Bytes);
