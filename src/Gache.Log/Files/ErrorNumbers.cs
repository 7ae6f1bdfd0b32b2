namespace Gache.Log;

/// <summary>The error numbers of Linux that are told apart or simulated.</summary>
public static class ErrorNumbers
{
    /// <summary>ENOENT.</summary>
    public const int NotFound = 2;

    /// <summary>EINTR: a signal came first; the only one that may be tried again.</summary>
    public const int Interrupted = 4;

    /// <summary>EIO.</summary>
    public const int InputOutput = 5;

    /// <summary>EEXIST.</summary>
    public const int Exists = 17;

    /// <summary>ENOSPC.</summary>
    public const int NoSpace = 28;

    /// <summary>EOPNOTSUPP: the file system cannot do it.</summary>
    public const int NotSupported = 95;

    /// <summary>EDQUOT.</summary>
    public const int QuotaExceeded = 122;
}
