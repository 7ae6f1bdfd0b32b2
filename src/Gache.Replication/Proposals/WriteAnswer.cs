namespace Gache.Replication;

/// <summary>The answer to a write.</summary>
/// <param name="Refusal">Why it was not carried out, or is not known to be; null if it is committed and applied.</param>
/// <param name="Revision">The revision it made (of a delete of nothing: the present one).</param>
/// <param name="Existed">Whether the key was there before.</param>
public readonly record struct WriteAnswer(Refusal? Refusal, ulong Revision = 0, bool Existed = false);
