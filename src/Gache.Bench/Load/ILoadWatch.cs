using Gache.Bench.Measure;

namespace Gache.Bench.Load;

/// <summary>Is told how a run goes, on the thread that keeps its time.</summary>
internal interface ILoadWatch
{
    /// <summary>From now on it is measured.</summary>
    void Begin();

    /// <summary>A look at the figures.</summary>
    void Show(Counts counts);
}
