namespace Gache.Store;

/// <summary>What became of a command at its index.</summary>
public enum ApplyStatus : byte
{
    /// <summary>It was carried out.</summary>
    Done = 1,

    /// <summary>It was not, and changed nothing: the key's slot is not served by this shard (any more).</summary>
    NotServed = 2,

    /// <summary>It was not, and changed nothing: the slot's phase or epoch is not the one that the command acts on.</summary>
    Outdated = 3,

    /// <summary>It was not, and changed nothing: its condition does not hold for the key's present revision.</summary>
    ConditionFailed = 4,

    /// <summary>It was not, and changed nothing: what the key holds is no decimal 64-bit number to add to.</summary>
    NotANumber = 5,

    /// <summary>It was not, and changed nothing: the sum is beyond the bounds.</summary>
    OutOfRange = 6,

    /// <summary>It was not, and changed nothing: its Idempotency-Key was used for another command.</summary>
    IdempotencyKeyReused = 7,

    /// <summary>It was not, and changed nothing: there is no such key.</summary>
    KeyNotFound = 8,

    /// <summary>It was not, and changed nothing: what the transaction reads is more than an answer may have.</summary>
    AnswerTooLarge = 9,
}

/// <summary>The answer to an applied command; the same on every replica.</summary>
/// <param name="Status">Whether it was carried out.</param>
/// <param name="Revision">The revision that the command made, or the shard's present one if it changed nothing. Where a condition or
/// an addition failed: the key's present one, 0 if there is no such key.</param>
/// <param name="Existed">Whether the key was there before; of a transaction that failed whether that was in its first branch.</param>
/// <param name="Number">Of an addition the sum; of a transaction that failed the place of the operation that did; of a deleted range how many keys.</param>
/// <param name="Body">Of a transaction its <see cref="TxnAnswer"/>, of a deleted range where it ended, encoded; else null.</param>
public readonly record struct ApplyResult(ApplyStatus Status, ulong Revision, bool Existed, long Number = 0, byte[]? Body = null);
