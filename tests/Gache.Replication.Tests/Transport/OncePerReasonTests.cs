using Gache.Replication.Tests.Replicas;
using Gache.Replication.Transport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gache.Replication.Tests.Transport;

public sealed class OncePerReasonTests
{
    private readonly VirtualTime time = new(TimeSpan.FromDays(1));

    [Fact]
    public void What_goes_wrong_while_nodes_start_is_told_in_passing_and_is_a_warning_once_it_has_lasted()
    {
        var said = new OncePerReason(time);
        Assert.Equal(LogLevel.Information, said.LevelOf("n2", "refused"));
        for (TimeSpan passed = TimeSpan.Zero; passed < OncePerReason.Lasting; passed += TimeSpan.FromSeconds(1))
        {
            Assert.Equal(LogLevel.None, said.LevelOf("n2", "refused"));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(LogLevel.Information, said.LevelOf("n3", "refused")); // another's is news of its own
        Assert.Equal(LogLevel.Warning, said.LevelOf("n2", "refused"));
        Assert.Equal(LogLevel.None, said.LevelOf("n2", "refused"));
    }

    [Fact]
    public void What_went_well_in_between_begins_anew()
    {
        var said = new OncePerReason(time);
        said.LevelOf("n2", "refused");
        time.Advance(OncePerReason.Lasting);
        said.Forget("n2");
        Assert.Equal(LogLevel.Information, said.LevelOf("n2", "refused"));
    }
}
