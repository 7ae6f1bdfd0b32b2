namespace Gache.Server.Hosting;

/// <summary>How the process ends; the numbers are sysexits' where they fit.</summary>
internal static class ExitCode
{
    /// <summary>Stopped by a signal, or answered <c>--help</c>.</summary>
    public const int Stopped = 0;

    /// <summary>An option is unknown, or its value is not possible.</summary>
    public const int Usage = 64;

    /// <summary>The log on disk is damaged.</summary>
    public const int DamagedData = 65;

    /// <summary>An address is in use or none of this machine's.</summary>
    public const int AddressUnavailable = 69;

    /// <summary>An invariant is broken, or this replica differs from the others.</summary>
    public const int InvariantBroken = 70;

    /// <summary>The data folder cannot be used, or belongs to another node or shard.</summary>
    public const int FolderNotUsable = 73;

    /// <summary>The disk failed a write or sync (P3).</summary>
    public const int DiskFailed = 74;

    /// <summary>An operator removed this member from its shard; starting it again changes nothing.</summary>
    public const int Removed = 77;
}
