namespace Gache.Log;

/// <summary>The simulated machine stopped in the middle of an operation; nothing works until it is restarted.</summary>
public sealed class SimulatedCrashException(long operation) : Exception($"the simulated machine stopped at disk operation {operation}")
{
    /// <summary>The number of the operation that was not finished.</summary>
    public long Operation { get; } = operation;
}
