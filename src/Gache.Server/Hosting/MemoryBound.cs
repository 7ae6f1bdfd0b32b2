using System.Globalization;

namespace Gache.Server.Hosting;

/// <summary>The store's bound where the user said none: a quarter of the memory that this process may have.</summary>
internal static class MemoryBound
{
    private const string CgroupRoot = "/sys/fs/cgroup";
    private const string MembershipFile = "/proc/self/cgroup";
    private const int Share = 4;

    /// <summary>The bound in bytes.</summary>
    public static long Default() => Math.Min(CgroupLimit(CgroupRoot, MembershipFile), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) / Share;

    /// <summary>The least limit of the process's cgroup (version 2) and those above it; <see cref="long.MaxValue"/> where there is none.</summary>
    internal static long CgroupLimit(string root, string membershipFile)
    {
        long least = long.MaxValue;
        try
        {
            string own = File.ReadLines(membershipFile).FirstOrDefault(line => line.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "/";
            for (string path = own.TrimEnd('/'); ; path = path[..Math.Max(0, path.LastIndexOf('/'))])
            {
                string file = root + path + "/memory.max";
                if (File.Exists(file)
                    && long.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long limit))
                    least = Math.Min(least, limit); // "max" is no number
                if (path.Length == 0) return least;
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return least; // no cgroups here
        }
    }
}
