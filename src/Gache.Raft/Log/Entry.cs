namespace Gache.Raft;

/// <summary>What an entry of the replicated log holds.</summary>
public enum EntryKind : byte
{
    /// <summary>A command of the state machine; the core does not look into it.</summary>
    Command = 1,

    /// <summary>Nothing: a new leader's first entry, so that it may commit what came before (thesis §3.6.2, §6.4).</summary>
    NoOp = 2,

    /// <summary>A <see cref="Configuration"/>, in force as soon as it stands in the log (thesis §4.1).</summary>
    Configuration = 3,
}

/// <summary>One entry of the replicated log.</summary>
/// <param name="Index">Its place in the log, from 1.</param>
/// <param name="Term">The term of the leader that appended it first.</param>
/// <param name="Kind">What the payload is.</param>
/// <param name="Payload">The bytes; never changed once the entry exists.</param>
public readonly record struct Entry(ulong Index, ulong Term, EntryKind Kind, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What an entry counts in the bounds on batches, windows and caches, in bytes: the payload and its head.</summary>
    public int Weight => Payload.Length + 32;
}
