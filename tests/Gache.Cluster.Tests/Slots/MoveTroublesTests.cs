using Gache.Primitives;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gache.Cluster.Tests;

/// <summary>A move that stands still does not do so in silence.</summary>
public sealed class MoveTroublesTests
{
    private static readonly ShardId Target = new(2);

    [Fact]
    public void A_stuck_move_is_told_at_once_to_who_asks_and_once_a_minute_in_the_log()
    {
        var log = new Lines();
        var troubles = new MoveTroubles(100);
        for (long tick = 1; tick <= 2_000; tick++)
        {
            troubles.Begin();
            troubles.Add(Target, 3, 1, tick, "no live leader of it is known");
            troubles.End(tick, log);
            Assert.Equal(tick >= 100, troubles.Words.Count == 1);
        }

        Assert.Equal(2, log.Told.Count);
        Assert.Equal($"3 slots on their way to shard {Target} stand still for 100 s, 1 of them served by nobody: no live leader of it is known", Assert.Single(troubles.Words));
        troubles.Begin();
        troubles.End(2_001, log);
        Assert.Empty(troubles.Words);
    }

    private sealed class Lines : ILogger
    {
        public List<string> Told { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Told.Add(formatter(state, exception));
    }
}
