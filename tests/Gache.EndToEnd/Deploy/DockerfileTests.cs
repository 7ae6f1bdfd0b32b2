using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Deploy;

/// <summary><c>deploy/docker/Dockerfile</c>, as far as it can be read: no image is built here.</summary>
public sealed class DockerfileTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(ServerBinary.Root, "deploy/docker/Dockerfile"));

    /// <summary>Whom the container runs as, <c>uid:gid</c>.</summary>
    public static string User => One("USER ");

    [Fact]
    public void The_images_are_of_the_framework_that_the_project_targets()
    {
        string[] from = [.. Lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])];

        Assert.Equal(["mcr.microsoft.com/dotnet/sdk:10.0", "mcr.microsoft.com/dotnet/aspnet:10.0"], from);
        Assert.Contains("<TargetFramework>net10.0</TargetFramework>", File.ReadAllText(Path.Combine(ServerBinary.Root, "Directory.Build.props")), StringComparison.Ordinal);
    }

    [Fact]
    public void It_publishes_a_project_that_is_there_and_runs_its_program_as_nobody_special()
    {
        string publish = Assert.Single(Lines, line => line.Contains("dotnet publish", StringComparison.Ordinal));
        string project = publish.Split(' ').SkipWhile(word => word != "publish").Skip(1).First();

        Assert.True(File.Exists(Path.Combine(ServerBinary.Root, project)), project);
        Assert.Equal($"[\"/app/{Path.GetFileName(ServerBinary.Path)}\"]", One("ENTRYPOINT "));
        Assert.Matches("^[1-9][0-9]+:[1-9][0-9]+$", User);
        Assert.Contains($"RUN mkdir /data && chown {User} /data", Lines);
    }

    [Fact]
    public async Task Its_own_arguments_start_a_node_that_serves()
    {
        string[] arguments = JsonSerializer.Deserialize<string[]>(One("CMD "))!;
        await using var node = new DeployedNodes([new DeployedNode("alone", arguments, [])], apiPort: 8000);

        await node.StartAsync();
        await node.AllServeAsync();
    }

    private static string One(string instruction) => Assert.Single(Lines, line => line.StartsWith(instruction, StringComparison.Ordinal))[instruction.Length..];
}
