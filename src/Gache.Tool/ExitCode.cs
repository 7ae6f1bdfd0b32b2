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

    /// <summary>Of <c>lock</c>: it was not to be had in time.</summary>
    public const int NotHad = 75;

    /// <summary>Of <c>lock</c>: it was lost, and the command was ended.</summary>
    public const int LockLost = 79;

    /// <summary>Of <c>lock</c>: the command is there and cannot be run.</summary>
    public const int CannotRun = 126;

    /// <summary>Of <c>lock</c>: there is no such command.</summary>
    public const int NotFound = 127;

    /// <summary>Nobody answers at the address, or a port that was asked for is taken.</summary>
    public const int Unreachable = 69;
}
