namespace Gache.Bench;

/// <summary>How a run ends; scripts rely on the numbers.</summary>
internal static class ExitCode
{
    /// <summary>Every answer was right, or refused in the contract's own words.</summary>
    public const int Done = 0;

    /// <summary>At least one answer was wrong.</summary>
    public const int WrongAnswers = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 64;

    /// <summary>A part got no right answer at all.</summary>
    public const int Unreachable = 69;

    /// <summary>A file or folder that was asked for cannot be written.</summary>
    public const int CannotWrite = 73;
}
