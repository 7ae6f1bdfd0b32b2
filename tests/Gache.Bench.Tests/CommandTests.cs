using System.Text.Json;
using System.Xml.Linq;
using Gache.Bench.CommandLine;
using Gache.Tool.Terminals;
using Xunit;

namespace Gache.Bench.Tests;

/// <summary>What is typed, what is shown, which files are written, and how it ends.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gache-bench-");

    private static async Task<(int Code, string Out, string Err)> TypeAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = await BenchCommand.RunAsync(["bench", .. args], new Terminal(TextReader.Null, output, errors, false, false, false));
        return (code, output.ToString(), errors.ToString());
    }

    [Theory]
    [InlineData("--only is none", "127.0.0.1:1", "--only", "Sets")]
    [InlineData("--read-ratio", "127.0.0.1:1", "--only", "Mix")]
    [InlineData("--read-ratio", "127.0.0.1:1", "--read-ratio", "1.5")]
    [InlineData("--distribution", "127.0.0.1:1", "--distribution", "normal")]
    [InlineData("--distribution", "127.0.0.1:1", "--distribution", "1")]
    [InlineData("--value-size", "127.0.0.1:1", "--value-size", "9MiB")]
    [InlineData("--value-size", "127.0.0.1:1", "--value-size", "1GB")]
    [InlineData("2 GiB", "127.0.0.1:1", "--value-size", "1MiB", "-c", "10000")]
    [InlineData("--connections", "127.0.0.1:1", "-c", "0")]
    [InlineData("--prefix", "127.0.0.1:1", "--prefix", "a?b")]
    [InlineData("--level", "127.0.0.1:1", "--level", "fresh")]
    [InlineData("--verify", "127.0.0.1:1", "--verify", "all")]
    [InlineData("HOST:PORT", "127.0.0.1")]
    [InlineData("HOST:PORT", "127.0.0.1:1,")]
    [InlineData("--no-such", "127.0.0.1:1", "--no-such")]
    public async Task What_makes_no_sense_is_said_in_one_line(string named, params string[] args)
    {
        (int code, string output, string errors) = await TypeAsync(args);

        Assert.Equal((64, ""), (code, output));
        Assert.All(named.Split(" is none"), part => Assert.Contains(part, Assert.Single(errors.Trim().Split('\n')), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_server_it_ends_with_69()
    {
        (int code, _, string errors) = await TypeAsync("127.0.0.1:1");

        Assert.Equal(69, code);
        Assert.Contains("127.0.0.1:1", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_originals_four_parts_are_measured_verified_and_written_to_files()
    {
        await using var server = new CannedServer();
        string json = Path.Combine(folder.FullName, "figures.json");
        string plots = Path.Combine(folder.FullName, "plots");
        (int code, string output, _) = await TypeAsync(
            server.Address, "--seconds", "1", "--warm-up", "0", "-c", "4", "--keys", "200", "--json", json, "--plot", plots);

        Assert.Equal(0, code);
        using JsonDocument figures = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        JsonElement[] parts = [.. figures.RootElement.GetProperty("parts").EnumerateArray()];
        Assert.Equal(["Set", "Get", "PSet", "PGet"], parts.Select(part => part.GetProperty("name").GetString()));
        Assert.Equal([1, 1, 4, 4], parts.Select(part => part.GetProperty("callers").GetInt32()));
        Assert.All(parts, part =>
        {
            Assert.Equal(0, part.GetProperty("wrong").GetInt64() + part.GetProperty("missing").GetInt64());
            Assert.InRange(part.GetProperty("right").GetInt64(), 1, long.MaxValue);
            Assert.InRange(part.GetProperty("latencyMs").GetProperty("p99").GetDouble(), part.GetProperty("latencyMs").GetProperty("p50").GetDouble(), 10_000);
            Assert.Contains($"| {part.GetProperty("name").GetString()} ", output, StringComparison.Ordinal);
        });
        foreach (string name in new[] { "latency", "throughput" })
        {
            Assert.Equal("svg", XDocument.Load(Path.Combine(plots, $"{name}.svg")).Root!.Name.LocalName);
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(plots, $"{name}.png"))[..4]);
        }
    }

    [Fact]
    public async Task A_wrong_answer_makes_it_end_with_1_and_is_shown()
    {
        await using var server = new CannedServer();
        server.Instead = (method, key) => method == "GET" && key == "/key/x3" ? CannedServer.Answer("200 OK", "other") : null;
        (int code, string output, _) = await TypeAsync(server.Address, "--only", "pget", "--prefix", "x", "--keys", "10", "--seconds", "1", "--warm-up", "0", "-c", "2");

        Assert.Equal(1, code);
        Assert.Contains("PGet: WRONG: GET of key 3: 200, 5 bytes", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_without_any_right_answer_makes_it_end_with_69()
    {
        await using var server = new CannedServer { Instead = (_, _) => CannedServer.Answer("503 Service Unavailable") };
        (int code, string output, _) = await TypeAsync(server.Address, "--only", "PSet", "--seconds", "1", "--warm-up", "0", "-c", "1");

        Assert.Equal(69, code);
        Assert.Contains("POST of key", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_said_before_anything_runs()
    {
        await using var server = new CannedServer();
        (int code, _, _) = await TypeAsync(server.Address, "--plot", "/dev/null/plots");

        Assert.Equal((73, 0), (code, server.Asked));
    }

    [Fact]
    public async Task The_help_names_every_option()
    {
        (int code, string output, _) = await TypeAsync("--help");

        Assert.Equal(0, code);
        string[] options = ["--only", "--connections", "--seconds", "--warm-up", "--keys", "--prefix", "--value-size", "--distribution", "--skew", "--read-ratio", "--rate",
            "--timeout", "--level", "--verify", "--no-fill", "--seed", "--threads", "--json", "--plot"];
        Assert.All(options, option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    public void Dispose() => folder.Delete(recursive: true);
}
