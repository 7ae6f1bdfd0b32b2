namespace Gache.Replication;

/// <summary>What a read promises (http-api: Levels).</summary>
public enum ReadLevel
{
    /// <summary>Sees every write acknowledged before it was asked, whatever clocks do; only a leader that a quorum confirms answers.</summary>
    Linearizable,

    /// <summary>Some earlier state, never one that did not exist; any replica answers at once.</summary>
    Stale,
}

/// <summary>The answer to a read. Dispose it when the value has been sent.</summary>
public readonly struct ReadAnswer : IDisposable, IEquatable<ReadAnswer>
{
    private readonly IDisposable? owner;

    /// <summary>A refused read.</summary>
    public ReadAnswer(Refusal refusal) => Refusal = refusal;

    /// <summary>A read that was carried out.</summary>
    /// <param name="isFound">False if there is no such key.</param>
    /// <param name="revision">The key's revision.</param>
    /// <param name="value">The bytes; valid until <paramref name="owner"/> is disposed.</param>
    /// <param name="owner">Gives the bytes back.</param>
    /// <param name="expiresInMilliseconds">What is left of the key's time; null if it does not expire.</param>
    public ReadAnswer(bool isFound, ulong revision, ReadOnlyMemory<byte> value, IDisposable? owner, ulong? expiresInMilliseconds = null)
    {
        IsFound = isFound;
        Revision = revision;
        Value = value;
        ExpiresInMilliseconds = expiresInMilliseconds;
        this.owner = owner;
    }

    /// <summary>Why there is no answer; null if there is one.</summary>
    public Refusal? Refusal { get; }

    /// <summary>True if the key exists.</summary>
    public bool IsFound { get; }

    /// <summary>The key's revision, if it exists.</summary>
    public ulong Revision { get; }

    /// <summary>The value, if the key exists; valid until this answer is disposed.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>What is left of the key's time, in milliseconds, never negative; null if it does not expire.</summary>
    public ulong? ExpiresInMilliseconds { get; }

    /// <inheritdoc/>
    public void Dispose() => owner?.Dispose();

    /// <inheritdoc/>
    public bool Equals(ReadAnswer other) =>
        Refusal == other.Refusal && IsFound == other.IsFound && Revision == other.Revision && Value.Equals(other.Value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ReadAnswer other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsFound, Revision, Value);

    /// <summary>Equality by content.</summary>
    public static bool operator ==(ReadAnswer left, ReadAnswer right) => left.Equals(right);

    /// <summary>Inequality by content.</summary>
    public static bool operator !=(ReadAnswer left, ReadAnswer right) => !left.Equals(right);
}
