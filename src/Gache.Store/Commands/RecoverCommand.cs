using Gache.Primitives;

namespace Gache.Store;

/// <summary>
/// A shard goes on with what one member has, after its majority was lost for good: what others may have been told is unknown, so the revision
/// counter is raised far above whatever was given, and every slot served is owned anew at a raised epoch.
/// </summary>
public static class RecoverCommand
{
    /// <summary>Encodes the command.</summary>
    public static byte[] Encode(RecoveryRaise raise)
    {
        var writer = new ByteWriter();
        Command.WriteHead(writer, CommandKind.Recover);
        writer.WriteUInt64(raise.Revisions);
        writer.WriteUInt64(raise.Epochs);
        return writer.Written.ToArray();
    }

    internal static RecoveryRaise Parse(ReadOnlySpan<byte> body)
    {
        var reader = new ByteReader(body);
        ulong revisions = reader.ReadUInt64();
        ulong epochs = reader.ReadUInt64();
        Invariant.Holds(reader.IsValid && reader.Remaining == 0, $"a recovery of {body.Length} bytes cannot be read");
        return new RecoveryRaise(revisions, epochs, 0);
    }
}

/// <summary>By how much a recovered shard's counters are raised, so that nothing is given twice.</summary>
/// <remarks>
/// Two folders of one shard may be recovered one after the other: the first recovered shard gave revisions, and then was lost as well. So the raise
/// grows with the wall clock, faster than a shard can count; the clock must only not be set back by more than the constants allow for in between.
/// </remarks>
/// <param name="Revisions">More than a lost tail can have given: 2^32, and 2^17 for each second since 2026.</param>
/// <param name="Epochs">For the slots served: 2^16, and 16 for each second.</param>
/// <param name="Terms">More elections than others can have held: 2^32, and 16 for each second.</param>
public readonly record struct RecoveryRaise(ulong Revisions, ulong Epochs, ulong Terms)
{
    /// <summary>Any recovery raises epochs by at least so much, and moves never do between two looks at a slot.</summary>
    public const ulong LeastEpochs = 1ul << 16;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The raise for a recovery at this time.</summary>
    public static RecoveryRaise At(DateTimeOffset now)
    {
        ulong seconds = (ulong)Math.Max(0, (now - Start).TotalSeconds);
        return new RecoveryRaise((1ul << 32) + (seconds << 17), LeastEpochs + (seconds << 4), (1ul << 32) + (seconds << 4));
    }
}
