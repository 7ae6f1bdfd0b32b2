using System.Buffers.Binary;

namespace Gache.Store;

/// <summary>What a leader must know of a command whose condition it waits for, before it proposes it.</summary>
public static class WaitingCommand
{
    /// <summary>Whether the command's condition holds for a key; a hint: apply decides.</summary>
    /// <param name="command">An encoded command on a key.</param>
    /// <param name="exists">Whether the key is there.</param>
    /// <param name="revision">Its revision, if it is.</param>
    public static bool Holds(ReadOnlySpan<byte> command, bool exists, ulong revision) =>
        !TryOptions(command, out WriteOptionsView options) || options.Condition.Holds(exists, revision);

    /// <summary>Whether two commands on one key have the same Idempotency-Key.</summary>
    /// <param name="command">An encoded command.</param>
    /// <param name="other">Another one.</param>
    public static bool IsRepeat(ReadOnlySpan<byte> command, ReadOnlySpan<byte> other) =>
        TryOptions(command, out WriteOptionsView one) && TryOptions(other, out WriteOptionsView two) && !one.Idempotency.IsEmpty && !two.Idempotency.IsEmpty
        && one.Idempotency[..IdempotencyMark.IdentityBytes].SequenceEqual(two.Idempotency[..IdempotencyMark.IdentityBytes]);

    /// <summary>A copy to propose: should its condition not hold when it is applied, the answer is not kept for its Idempotency-Key, since it is not the
    /// last one. It is the same command to a repeat: its fingerprint was made before.</summary>
    /// <param name="command">An encoded command with options, sealed.</param>
    public static byte[] TryOf(ReadOnlySpan<byte> command)
    {
        byte[] copy = command.ToArray();
        if (!Command.IsKeyed(copy)) return copy;
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(copy.AsSpan(Command.HeadBytes));
        Span<byte> parts = copy.AsSpan(Command.KeyOffsetWithOptions + keyLength);
        BinaryPrimitives.WriteUInt16LittleEndian(parts, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(parts) | (ushort)WriteParts.Try));
        return copy;
    }

    private static bool TryOptions(ReadOnlySpan<byte> command, out WriteOptionsView options)
    {
        options = default;
        return Command.TryParse(command, out CommandView view) && !view.Options.IsEmpty && WriteOptionsView.TryParse(view.Options, out options);
    }
}
