using System.Diagnostics.Metrics;

namespace Gache.Server.Metrics;

/// <summary>Figures of the process.</summary>
internal static class ProcessMetrics
{
    /// <summary>Registers them.</summary>
    public static void AddTo(Meter meter)
    {
        meter.CreateObservableCounter("gache.process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "processor time used");
        meter.CreateObservableGauge("gache.process.resident", () => Environment.WorkingSet, "By", "resident memory");
        meter.CreateObservableGauge("gache.process.threads", () => ThreadPool.ThreadCount, null, "threads of the pool");
        meter.CreateObservableGauge("gache.process.gc_heap", () => GC.GetTotalMemory(false), "By", "memory on the collected heap");
        meter.CreateObservableCounter("gache.process.gc_collections", () => (long)GC.CollectionCount(0), null, "garbage collections, of all generations");
        meter.CreateObservableCounter("gache.process.gc_pause", () => GC.GetTotalPauseDuration().TotalSeconds, "s", "time that collections stopped the process");
    }
}
