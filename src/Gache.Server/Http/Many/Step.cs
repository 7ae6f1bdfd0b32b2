using Gache.Replication;

namespace Gache.Server.Http.Many;

/// <summary>One thing that is asked of the leader of a slot: an encoded command, or a key to read.</summary>
/// <param name="Command">The command; null for a read. Whoever carries it out owns it.</param>
/// <param name="Key">The key; empty for a command on several.</param>
internal readonly record struct Step(byte[]? Command, ReadOnlyMemory<byte> Key)
{
    /// <summary>Whether it changes nothing.</summary>
    public bool IsRead => Command is null;

    /// <summary>How long it is.</summary>
    public int Bytes => Command?.Length ?? Key.Length;
}

/// <summary>How a step ended.</summary>
internal enum StepEndKind : byte
{
    /// <summary>It was not carried out, because the answer is full: it is asked for again.</summary>
    Deferred,

    /// <summary>A command was carried out, or declined by apply.</summary>
    Written,

    /// <summary>A key was read.</summary>
    Read,

    /// <summary>It was refused.</summary>
    Refused,
}

/// <summary>What became of a step.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Answer">What was answered; of a read its revision, and whether the key is there.</param>
/// <param name="Value">Of a read: the value, in memory of its own.</param>
internal readonly record struct StepEnd(StepEndKind Kind, WriteAnswer Answer = default, ReadOnlyMemory<byte> Value = default)
{
    /// <summary>What a command came to.</summary>
    public static StepEnd Of(WriteAnswer answer) => new(answer.Refusal is null ? StepEndKind.Written : StepEndKind.Refused, answer);

    /// <summary>It was refused.</summary>
    public static StepEnd Refused(Refusal refusal) => Of(new WriteAnswer(refusal));

    /// <summary>What was read; the value is copied.</summary>
    public static StepEnd Of(in ReadAnswer read) => read.Refusal is { } refusal
        ? Refused(refusal)
        : new StepEnd(StepEndKind.Read, new WriteAnswer(null, read.Revision, read.IsFound), read.Value.ToArray());

    /// <summary>It was surely not carried out where it was asked, and may be elsewhere, or in a moment.</summary>
    public bool MayGoElsewhere => Kind == StepEndKind.Deferred
        || Answer.Refusal is { Code: RefusalCode.NotLeader or RefusalCode.NotServed or RefusalCode.NotServing or RefusalCode.ShuttingDown };
}
