using Gache.Store;

namespace Gache.Replication;

/// <summary>The answer to a write.</summary>
/// <param name="Refusal">Why it was not carried out, or is not known to be; null if it is committed and applied.</param>
/// <param name="Revision">The revision it made (of a delete of nothing: the present one; of a failed condition: the key's present one).</param>
/// <param name="Existed">Whether the key was there before.</param>
/// <param name="Status">What apply made of it: done, or a committed "no" that changed nothing, as a failed condition.</param>
/// <param name="Number">Of an addition the sum; see <see cref="ApplyResult"/>.</param>
/// <param name="Body">What a transaction or a deleted range answers, encoded; else null.</param>
public readonly record struct WriteAnswer(
    Refusal? Refusal, ulong Revision = 0, bool Existed = false, ApplyStatus Status = ApplyStatus.Done, long Number = 0, byte[]? Body = null);
