using System.Runtime.InteropServices;

namespace Gache.Bench.Load;

/// <summary>Sleeps shorter than a millisecond, which the runtime has not: what is due every 20 µs must not be sent in bursts of 50.</summary>
internal static partial class PreciseSleep
{
    private const int SetTimerSlack = 29; // PR_SET_TIMERSLACK, prctl(2)

    /// <summary>For the calling thread: lets the kernel wake it when it is due, not up to 50 µs later with others.</summary>
    public static void Prepare()
    {
        if (OperatingSystem.IsLinux()) _ = ProcessControl(SetTimerSlack, 1, 0, 0, 0);
    }

    /// <summary>Sleeps about this long: on Linux to some 10 µs, elsewhere to the millisecond.</summary>
    public static void For(TimeSpan time)
    {
        if (time <= TimeSpan.Zero) return;
        if (!OperatingSystem.IsLinux())
        {
            Thread.Sleep(time < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : time); // the pause that was asked for, as short as it is possible here
            return;
        }

        var wish = new TimeSpec { Seconds = (nint)(long)time.TotalSeconds, Nanoseconds = (nint)(time.Ticks % TimeSpan.TicksPerSecond * 100) };
        _ = Sleep(in wish, 0); // woken early by a signal: whoever sleeps looks at the clock afterwards
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(in TimeSpec wish, nint left);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
