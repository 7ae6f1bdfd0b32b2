using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gache.Server.Metrics;

/// <summary>Figures of the process.</summary>
internal static class ProcessMetrics
{
    private const string OpenFilesFolder = "/proc/self/fd"; // of Linux alone

    /// <summary>Registers them.</summary>
    public static void AddTo(Meter meter)
    {
        meter.CreateObservableCounter("gache.process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "processor time used");
        meter.CreateObservableGauge("gache.process.resident_memory", () => Environment.WorkingSet, "By", "resident memory");
        meter.CreateObservableGauge("gache.process.start_time", StartTime, "s", "when the process began, since 1970");
        meter.CreateObservableGauge("gache.process.open_fds", OpenFiles, null, "open files and sockets");
        meter.CreateObservableGauge("gache.process.threads", () => ThreadPool.ThreadCount, null, "threads of the pool");
        meter.CreateObservableGauge("gache.process.gc_heap", () => GC.GetTotalMemory(false), "By", "memory on the collected heap");
        meter.CreateObservableCounter("gache.process.gc_collections", () => (long)GC.CollectionCount(0), null, "garbage collections, of all generations");
        meter.CreateObservableCounter("gache.process.gc_pause", () => GC.GetTotalPauseDuration().TotalSeconds, "s", "time that collections stopped the process");
    }

    private static double StartTime()
    {
        using var self = Process.GetCurrentProcess();
        return (self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }

    private static Measurement<long>[] OpenFiles() =>
        Directory.Exists(OpenFilesFolder) ? [new Measurement<long>(Directory.EnumerateFileSystemEntries(OpenFilesFolder).Count())] : [];
}
