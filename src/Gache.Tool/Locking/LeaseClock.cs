using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gache.Tool.Locking;

/// <summary>Time that passes also while this process or the whole machine is asleep, and is never set.</summary>
internal static partial class LeaseClock
{
    private const int BootTime = 7; // of Linux: as the monotonic clock, with the time that the machine slept

    /// <summary>The time since some moment in the past.</summary>
    public static TimeSpan Now
    {
        get
        {
            if (OperatingSystem.IsLinux() && nint.Size == 8 && GetTime(BootTime, out TimeSpec time) == 0)
                return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick);
            return Stopwatch.GetElapsedTime(0);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
