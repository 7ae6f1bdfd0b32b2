using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gache.Store;

/// <summary>What a keyed write carries so that a repeat is known: who it is, and what it asks for.</summary>
/// <remarks>
/// Identity: 16 bytes of SHA-256 over the scope (a key of the store) and the Idempotency-Key; so records are small, and nobody can make two
/// that meet. Fingerprint: 8 bytes of SHA-256 over the command itself, without its time: kind, condition, bounds, body. Both are computed once,
/// where the command is made; apply only compares them.
/// </remarks>
internal static class IdempotencyMark
{
    public const int IdentityBytes = 16;
    public const int FingerprintBytes = 8;
    public const int Bytes = IdentityBytes + FingerprintBytes;

    /// <summary>Writes the identity.</summary>
    public static void WriteIdentity(ReadOnlySpan<byte> scope, ReadOnlySpan<byte> idempotencyKey, Span<byte> identity)
    {
        Span<byte> image = stackalloc byte[sizeof(ushort) + scope.Length + idempotencyKey.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(image, (ushort)scope.Length); // so that no two pairs read alike
        scope.CopyTo(image[sizeof(ushort)..]);
        idempotencyKey.CopyTo(image[(sizeof(ushort) + scope.Length)..]);
        Digest(image, identity[..IdentityBytes]);
    }

    /// <summary>Writes the identity of a transaction: its scope is the slot, which reads like no key.</summary>
    public static void WriteIdentity(int slot, ReadOnlySpan<byte> idempotencyKey, Span<byte> identity)
    {
        Span<byte> image = stackalloc byte[sizeof(ushort) + sizeof(ushort) + idempotencyKey.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(image, ushort.MaxValue); // longer than any key
        BinaryPrimitives.WriteUInt16LittleEndian(image[sizeof(ushort)..], (ushort)slot);
        idempotencyKey.CopyTo(image[(2 * sizeof(ushort))..]);
        Digest(image, identity[..IdentityBytes]);
    }

    /// <summary>Writes the fingerprint of a command whose time is 0 into its place in it.</summary>
    public static void WriteFingerprint(ReadOnlySpan<byte> command, Span<byte> fingerprint)
    {
        fingerprint.Clear();
        Digest(command, fingerprint[..FingerprintBytes]);
    }

    private static void Digest(ReadOnlySpan<byte> image, Span<byte> to)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(image, hash);
        hash[..to.Length].CopyTo(to);
    }
}
