using System.Globalization;

namespace Gache.Bench.Load;

/// <summary>The threads that carry the load: the runtime's own socket threads, one loop of epoll each.</summary>
/// <remarks>
/// An answer is read and the next request sent on the thread that was told of it: a hop to the pool would cost more than both. The runtime
/// reads the two settings from the environment when the first socket is made, hence here and so early.
/// </remarks>
internal static class LoadThreads
{
    /// <summary>The option's name.</summary>
    public const string OptionName = "--threads";

    /// <summary>Most threads.</summary>
    public const int Max = 64;

    private const string InlineSetting = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string CountSetting = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>The number that a command line asks for, or null; whether it makes sense is judged with all else.</summary>
    public static int? Asked(string[] args)
    {
        int at = Array.IndexOf(args, OptionName);
        return at >= 0 && at + 1 < args.Length && int.TryParse(args[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is >= 1 and <= Max
            ? count
            : null;
    }

    /// <summary>Must be called before the first socket is made.</summary>
    /// <param name="count">How many threads; null: one a processor.</param>
    public static void RunInline(int? count)
    {
        Environment.SetEnvironmentVariable(InlineSetting, "1");
        if (count is { } threads) Environment.SetEnvironmentVariable(CountSetting, threads.ToString(CultureInfo.InvariantCulture));
    }
}
