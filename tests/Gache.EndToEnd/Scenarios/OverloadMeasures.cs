using System.Globalization;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>How a node fares when three times as much is due as it can carry out. Run by hand, on a quiet machine (CONTRIBUTING.md).</summary>
/// <remarks>
/// The load tool shares the machine's processors with the node, and so does every answer that it reads: what it takes is printed beside what the node takes.
/// Callers that heed <c>Retry-After</c> are the case that the contract is made for. Those that do not come back every 10 ms, and a node whose
/// processors are the bound can but share them between what it carries out and what it refuses.
/// Ten thousand connections cost either end more a request than a few hundred, refused or not: what that takes is seen with callers of
/// whom none is refused. What a refusal takes is seen beside an endpoint that refuses all at once and does nothing else.
/// </remarks>
public sealed class OverloadMeasures
{
    private const int Seconds = 15;
    private const int PeakCallers = 256;
    private const int MostServed = 8_000; // nearly as many as the queue holds
    private const int ManyCallers = 10_000; // more than that
    private const int ShortSeconds = 10;
    private const int Rounds = 3;
    private const double TicksPerSecond = 100; // of the processor times in /proc

    [Fact(Explicit = true)]
    public async Task Three_times_the_capacity_of_writes()
    {
        using var folder = new TestFolder();
        await using var node = new Node("node", folder["node"]) { From = folder.Path, HasRaft = false };
        await node.StartReadyAsync();
        await MeasureAsync(node, folder, "warm-up", "-c", $"{PeakCallers}");
        Load peak = await MeasureAsync(node, folder, "peak", "-c", $"{PeakCallers}");
        Load crowded = await MeasureAsync(node, folder, "as many callers as the queue holds", "-c", $"{MostServed}");
        string rate = (peak.PerSecond * 3).ToString("0", CultureInfo.InvariantCulture);

        Load heeding = await MeasureAsync(node, folder, "three times, heeding Retry-After", "-c", $"{ManyCallers}", "--warm-up", "0", "--rate", rate, "--back-off");
        long memory = MemoryKilobytes(node);
        Load pressing = await MeasureAsync(node, folder, "three times, heeding nothing", "-c", $"{ManyCallers}", "--warm-up", "0", "--rate", rate);
        await MeasureAsync(node, folder, "three times, heeding Retry-After, again", "-c", $"{ManyCallers}", "--warm-up", "0", "--rate", rate, "--back-off");
        Load after = await MeasureAsync(node, folder, "peak again", "-c", $"{PeakCallers}");

        Say($"good put against the peak: heeding {heeding.PerSecond / peak.PerSecond:P0}, heeding nothing {pressing.PerSecond / peak.PerSecond:P0}, afterwards {after.PerSecond / peak.PerSecond:P0}");
        Say($"against as many callers as the queue holds, none refused: heeding {heeding.PerSecond / crowded.PerSecond:P0}, heeding nothing {pressing.PerSecond / crowded.PerSecond:P0}");
        Say($"memory after the first overload {memory / 1024} MiB, after the last {MemoryKilobytes(node) / 1024} MiB, at most {OverloadTests.PeakMemoryKilobytes(node) / 1024} MiB");
        Assert.All((Load[])[heeding, pressing], load => Assert.Equal((0, 0), (load.Unanswered, load.Wrong)));
        Assert.True(heeding.PerSecond >= crowded.PerSecond * 0.8, "the good put falls under load");
        Assert.True(MemoryKilobytes(node) <= memory * 1.25, "memory grows with every overload");
    }

    [Fact(Explicit = true)]
    public async Task Refusals_beside_those_of_an_endpoint_that_only_refuses()
    {
        using var folder = new TestFolder();
        await using var node = new Node("node", folder["node"]) { From = folder.Path, HasRaft = false };
        await node.StartReadyAsync();
        string bareApi = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Ports.Free()}");
        await using var bare = new ChildProcess("bare", ServerBinary.Bare, ["refuse", "--urls", $"http://{bareApi}"], folder.Path);
        await Wait.UntilAsync("the endpoint refuses", async () => (await node.Client.SendAsync(HttpMethod.Post, $"http://{bareApi}/key/0")).Status == 429);
        Load peak = await MeasureAsync(node, folder, "peak", ShortSeconds, "-c", $"{PeakCallers}");
        await MeasureAsync(bareApi, bare, folder, "endpoint, warm-up", ShortSeconds, "-c", $"{PeakCallers}");
        string[] load = ["-c", $"{ManyCallers}", "--warm-up", "0", "--rate", (peak.PerSecond * 3).ToString("0", CultureInfo.InvariantCulture), "--back-off"];

        var ofNode = new List<Load>();
        var ofBare = new List<Load>();
        for (int round = 1; round <= Rounds; round++)
        {
            ofNode.Add(await MeasureAsync(node, folder, $"node, round {round}", ShortSeconds, load));
            ofBare.Add(await MeasureAsync(bareApi, bare, folder, $"endpoint, round {round}", ShortSeconds, load));
        }

        Say($"refused by the node after p50 {Each(ofNode, one => one.RefusedMedianMs)} ms, p99 {Each(ofNode, one => one.RefusedP99Ms)} ms; by the endpoint after p50 {Each(ofBare, one => one.RefusedMedianMs)} ms, p99 {Each(ofBare, one => one.RefusedP99Ms)} ms");
        Assert.All(ofBare, one => Assert.Equal((0, 0, 0), (one.PerSecond, one.Unanswered, one.Wrong)));
        Assert.All(ofNode, one => Assert.Equal((0, 0), (one.Unanswered, one.Wrong)));
        Assert.All(ofNode, one => Assert.InRange(one.RefusedMedianMs, double.Epsilon, OverloadTests.SoonRefused.TotalMilliseconds));
    }

    private static string Each(List<Load> loads, Func<Load, double> figure) =>
        string.Join(", ", loads.Select(load => figure(load).ToString("0.0", CultureInfo.InvariantCulture)));

    private static Task<Load> MeasureAsync(Node node, TestFolder folder, string name, params string[] more) =>
        MeasureAsync(node, folder, name, Seconds, more);

    private static Task<Load> MeasureAsync(Node node, TestFolder folder, string name, int seconds, params string[] more) =>
        MeasureAsync(node.Api, node.Process, folder, name, seconds, more);

    private static async Task<Load> MeasureAsync(string api, ChildProcess server, TestFolder folder, string name, int seconds, params string[] more)
    {
        string file = folder[$"{name.Replace(' ', '-')}.json"];
        long before = ProcessorTicks(server);
        await using var bench = new ChildProcess(
            "bench", ServerBinary.Bench,
            ["bench", api, "--only", "PSet", "--seconds", $"{seconds}", "--value-size", "100", "--verify", "status", "--json", file, .. more], folder.Path);
        await bench.ExitAsync(TimeSpan.FromMinutes(2));
        double used = (ProcessorTicks(server) - before) / TicksPerSecond;
        JsonElement part = JsonDocument.Parse(await File.ReadAllBytesAsync(file)).RootElement.GetProperty("parts")[0];
        var load = new Load(part.GetProperty("perSecond").GetDouble(), part.GetProperty("refused").GetInt64(), part.GetProperty("unanswered").GetInt64(), part.GetProperty("wrong").GetInt64())
        {
            RefusedMedianMs = Percentile(part, "refusedMs", "p50"),
            RefusedP99Ms = Percentile(part, "refusedMs", "p99"),
        };
        double answers = part.GetProperty("right").GetInt64() + load.Refused;
        Say($"{name}: {load.PerSecond:0}/s carried out, p50 {Percentile(part, "latencyMs", "p50"):0.0} ms; {load.Refused / part.GetProperty("seconds").GetDouble():0}/s refused after p50 {load.RefusedMedianMs:0.0} ms, p99 {load.RefusedP99Ms:0.0} ms; an answer took the server {used / answers * 1e6:0.0} us (with the connecting of callers), the load tool {part.GetProperty("ownCpuUs").GetDouble():0.0} us; memory {MemoryKilobytes(server) / 1024} MiB");
        return load;
    }

    private static double Percentile(JsonElement part, string of, string which) =>
        part.TryGetProperty(of, out JsonElement latencies) && latencies.TryGetProperty(which, out JsonElement value) ? value.GetDouble() : 0;

    private static long MemoryKilobytes(Node node) => MemoryKilobytes(node.Process);

    private static long MemoryKilobytes(ChildProcess process) => OverloadTests.StatusKilobytes(process, "VmRSS:");

    private static long ProcessorTicks(ChildProcess process)
    {
        string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/stat"));
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // from the third on: the second may have spaces
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static void Say(FormattableString words) => TestContext.Current.SendDiagnosticMessage(words.ToString(CultureInfo.InvariantCulture));

    private sealed record Load(double PerSecond, long Refused, long Unanswered, long Wrong)
    {
        public double RefusedMedianMs { get; init; }

        public double RefusedP99Ms { get; init; }
    }
}
