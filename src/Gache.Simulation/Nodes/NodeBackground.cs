using Gache.Replication;

namespace Gache.Simulation;

/// <summary>Work that waits for the disk, one piece after the other, each as an event of its own some time later.</summary>
internal sealed class NodeBackground(NodeProcess process, DiskSpeed speed) : IBackground
{
    private readonly Queue<Action> waiting = new();
    private bool isBusy;

    /// <inheritdoc/>
    public void Run(Action work)
    {
        waiting.Enqueue(work);
        if (isBusy) return;
        isBusy = true;
        Next();
    }

    private void Next() => process.After(speed.DrawBackground(), () =>
    {
        Action work = waiting.Dequeue();
        if (waiting.Count > 0) Next();
        else isBusy = false;
        work();
    });
}
