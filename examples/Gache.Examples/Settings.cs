using System.Globalization;

namespace Gache.Examples;

/// <summary>What the environment says, as for the scripts in <c>shell/</c>.</summary>
internal static class Settings
{
    /// <summary>How long locks and leaderships last without renewals.</summary>
    public static TimeSpan Ttl { get; } = Seconds("TTL", 10);

    /// <summary>After how long without jobs a worker ends.</summary>
    public static TimeSpan Idle { get; } = Seconds("IDLE", 5);

    /// <summary>How long a worker's claim on a job lasts.</summary>
    public static TimeSpan Claim { get; } = Seconds("CLAIM", 30);

    private static TimeSpan Seconds(string variable, int otherwise) =>
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int said) ? said : otherwise);
}
