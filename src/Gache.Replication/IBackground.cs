namespace Gache.Replication;

/// <summary>Runs work that waits for a disk, one after the other, away from the step.</summary>
public interface IBackground
{
    /// <summary>Queues work; it must not throw.</summary>
    void Run(Action work);
}
