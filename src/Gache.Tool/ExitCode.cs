namespace Gache.Tool;

/// <summary>How a word ends; scripts rely on the numbers.</summary>
internal static class ExitCode
{
    /// <summary>What was asked for is done (or, with <c>--dry-run</c>, explained).</summary>
    public const int Done = 0;

    /// <summary>The cluster refused it, the person did, or it failed on the way.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense, or it needs <c>--yes</c>.</summary>
    public const int Usage = 64;

    /// <summary>Nobody answers at the address, or a port that was asked for is taken.</summary>
    public const int Unreachable = 69;
}
