using System.Threading.Tasks.Sources;
using Gache.Store;

namespace Gache.Replication;

/// <summary>A read on its way through the replica. Pooled; small values are copied into its own buffer, large ones pinned.</summary>
internal sealed class ReadOperation : RoundOperation, IValueTaskSource<ReadAnswer>, IDisposable
{
    private ManualResetValueTaskSourceCore<ReadAnswer> source;
    private ReadAnswer answer;
    private byte[] buffer = [];
    private LargeValue? large;

    public ReadOnlyMemory<byte> Key { get; private set; }

    public ReadLevel Level { get; private set; }

    public override int QueuedBytes => Key.Length;

    public static ReadOperation Rent(ReadOnlyMemory<byte> key, ReadLevel level)
    {
        ReadOperation operation = OperationPool<ReadOperation>.Rent();
        (operation.Key, operation.Level, operation.Round, operation.Waiting) = (key, level, 0, null);
        return operation;
    }

    public ValueTask<ReadAnswer> AsValueTask() => new(this, source.Version);

    public override void Refuse(Refusal refusal) => answer = new ReadAnswer(refusal);

    /// <summary>Reads the store; called by its owner.</summary>
    /// <param name="store">The store.</param>
    /// <param name="slot">The key's slot.</param>
    /// <param name="now">Tells the shard's store time; asked only where a key expires.</param>
    public void Serve(KeyValueStore store, int slot, Func<ulong> now)
    {
        if (!store.TryGet(slot, Key.Span, out ValueRef value))
        {
            answer = new ReadAnswer(isFound: false, revision: 0, default, this);
            return;
        }

        ulong? expiresIn = value.Expires ? store.RemainingMilliseconds(slot, value, now()) : null;
        if (value.IsLarge)
        {
            large = value.Pin();
            answer = new ReadAnswer(true, value.Revision, large.Memory, this, expiresIn);
            return;
        }

        int length = value.Bytes.Length;
        if (buffer.Length < length) buffer = new byte[Math.Max(256, length)];
        value.Bytes.CopyTo(buffer);
        answer = new ReadAnswer(true, value.Revision, buffer.AsMemory(0, length), this, expiresIn);
    }

    public override void Complete() => source.SetResult(answer);

    public ReadAnswer GetResult(short token)
    {
        ReadAnswer result = source.GetResult(token);
        source.Reset();
        if (result.Refusal is not null) Dispose();
        return result;
    }

    /// <summary>The value was sent: the operation serves the next request.</summary>
    public void Dispose()
    {
        large?.Release();
        large = null;
        Key = default;
        answer = default;
        OperationPool<ReadOperation>.Return(this);
    }

    public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}
