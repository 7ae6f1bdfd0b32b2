namespace Gache.Consensus;

/// <summary>Three replicas in this process, which talk over TCP and have a folder each.</summary>
internal interface IReplicas : IAsyncDisposable
{
    /// <summary>Starts all three and waits for a leader.</summary>
    Task StartAsync(string folder, int[] ports);

    /// <summary>Proposes at the leader to set a key; completes when that is committed and applied there.</summary>
    /// <param name="key">Of <see cref="Caller.KeyBytes"/> bytes.</param>
    /// <param name="value">Of <see cref="Caller.ValueBytes"/> bytes; free to be changed once this has returned.</param>
    ValueTask ProposeAsync(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Whether all three hold exactly this.</summary>
    ValueTask<bool> AllHoldAsync(byte[] key, byte[] value);
}
