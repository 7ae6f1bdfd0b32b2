using System.Text.Json;
using Xunit;

namespace Gache.Repository.Tests;

public sealed class ServerSettingsTests
{
    /// <summary>Debug or Release: the server was built as this test was.</summary>
    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name;

    /// <summary>Sdk.Web turns server GC on, and a misspelt property is silently ignored: so the built file is read.</summary>
    [Fact]
    public void The_built_server_runs_with_the_workstation_collector()
    {
        using JsonDocument config = JsonDocument.Parse(Repository.Read("src/Gache.Server/bin", Configuration, "net10.0/gache.runtimeconfig.json"));
        JsonElement properties = config.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties");

        Assert.False(properties.GetProperty("System.GC.Server").GetBoolean());
        Assert.True(properties.GetProperty("System.GC.Concurrent").GetBoolean());
        Assert.Equal(1000, properties.GetProperty("System.Runtime.TieredCompilation.CallCountingDelayMs").GetInt32());
        Assert.Equal(32 * 1024 * 1024, properties.GetProperty("System.GC.Gen0MaxBudget").GetInt32());
        Assert.True(properties.GetProperty("System.Globalization.Invariant").GetBoolean());
    }
}
