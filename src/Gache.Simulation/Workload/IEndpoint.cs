using Gache.Replication;

namespace Gache.Simulation;

/// <summary>A node as its clients see it: an address that may or may not answer.</summary>
public interface IEndpoint
{
    /// <summary>Its API address, as a refusal names it.</summary>
    string ApiAddress { get; }

    /// <summary>The process that listens there now, or null: connecting is refused.</summary>
    NodeProcess? Process { get; }

    /// <summary>Writes, inside the process.</summary>
    /// <param name="write">What to do.</param>
    /// <param name="value">The value; empty for a delete.</param>
    ValueTask<WriteAnswer> WriteAsync(Operation write, byte[] value);

    /// <summary>Reads, inside the process.</summary>
    ValueTask<ReadAnswer> ReadAsync(string key, ReadLevel level);

    /// <summary>Writes, inside the process, and waits where the operation says so.</summary>
    /// <param name="write">What to do.</param>
    /// <param name="value">The value; empty for a delete.</param>
    /// <param name="gone">The client hung up.</param>
    ValueTask<WriteAnswer> WriteAsync(Operation write, byte[] value, CancellationToken gone) => WriteAsync(write, value);

    /// <summary>Reads, inside the process, and waits where the operation says so.</summary>
    ValueTask<ReadAnswer> ReadAsync(Operation read, CancellationToken gone) =>
        ReadAsync(read.Key, read.Kind == OperationKind.StaleRead ? ReadLevel.Stale : ReadLevel.Linearizable);

    /// <summary>A write was answered as surely not applied.</summary>
    void Refused(Operation write);

    /// <summary>A request ended with an exception: the process is broken.</summary>
    void Failed(Exception exception);
}
