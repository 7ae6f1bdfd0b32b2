namespace Gache.Tool.Locking;

/// <summary>What <c>./gache lock</c> was asked for.</summary>
internal sealed record LockOptions
{
    public const string DefaultServer = "127.0.0.1:8000";

    public static readonly TimeSpan DefaultTtl = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan LeastTtl = TimeSpan.FromSeconds(1); // below it a slow moment of the network would lose the lock
    public static readonly TimeSpan MostTtl = TimeSpan.FromHours(1);
    public static readonly TimeSpan DefaultWait = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan MostWait = TimeSpan.FromHours(24);

    /// <summary>The key.</summary>
    public required string Name { get; init; }

    /// <summary>The command and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>How long the lock stays without renewals.</summary>
    public required TimeSpan Ttl { get; init; }

    /// <summary>How long to wait for it.</summary>
    public required TimeSpan Wait { get; init; }

    /// <summary>Whom to ask, <c>HOST:PORT</c> each.</summary>
    public required IReadOnlyList<string> Servers { get; init; }

    /// <summary>How often it is renewed.</summary>
    public TimeSpan RenewEvery => Ttl / 3;

    /// <summary>How much earlier than it need be the lease is taken for over: clocks and kernels are not exact.</summary>
    public TimeSpan Margin => TimeSpan.FromTicks(Math.Max(TimeSpan.FromMilliseconds(200).Ticks, (Ttl / 1_000).Ticks));

    /// <summary>What the command gets between SIGTERM and SIGKILL: it is over before the lease is.</summary>
    public TimeSpan Grace => TimeSpan.FromTicks(Math.Min((Ttl / 6).Ticks, TimeSpan.FromSeconds(5).Ticks));
}
