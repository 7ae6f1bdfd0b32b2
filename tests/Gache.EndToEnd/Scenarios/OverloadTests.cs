using System.Diagnostics;
using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>More than a node can take (P10): what is beyond its bound is refused at once and truly not done (P11), what was taken is carried out, and memory stays bounded.</summary>
public sealed class OverloadTests
{
    private const int Clients = 9_000;
    private const int Queue = 8_192;
    private const long MostMemoryKilobytes = 700 * 1024;

    internal static readonly TimeSpan SoonRefused = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task What_is_beyond_the_queue_is_refused_at_once_and_not_done_and_what_was_taken_is_done()
    {
        using var folder = new TestFolder();
        await using var node = new Node("node", folder["node"], null, "--request-timeout", "2m", "--slow-request", "0") { From = folder.Path, HasRaft = false };
        node.Start(Strace.HoldSyncs(folder["trace"], from: 12));
        await node.ReadyAsync();
        using var patient = new Client(TimeSpan.FromMinutes(2));
        Task<Answer> first = await UntilTheDiskStandsStillAsync(node, patient);

        using Crowd crowd = await Crowd.ConnectAsync(node.Port, Clients);
        Task<IReadOnlyList<CrowdAnswer>> asked = crowd.PostAsync(TimeSpan.FromMinutes(2));
        int beyond = Clients - (Queue - 1); // the first one waits in the queue, too
        await Wait.UntilAsync("all that is beyond the queue is refused while the disk stands still", () => Task.FromResult(crowd.Answered >= beyond), TimeSpan.FromSeconds(60));
        Assert.Equal(beyond, crowd.Answered);
        Assert.InRange(PeakMemoryKilobytes(node), 1, MostMemoryKilobytes);
        Assert.True(await MedianOfRefusalsAsync(node) < SoonRefused, "who comes while the queue is full is told at once");
        Strace.Detach(node.Process.Id);

        IReadOnlyList<CrowdAnswer> answers = await asked;
        CrowdAnswer[] done = [.. answers.Where(answer => answer.Status == 200)];
        CrowdAnswer[] refused = [.. answers.Where(answer => answer.Status == 429)];
        Assert.Equal((Queue - 1, beyond, 200), (done.Length, refused.Length, (await first).Status));
        Assert.All(refused, answer =>
        {
            Assert.Contains("\r\nRetry-After: 1\r\n", answer.Text, StringComparison.Ordinal);
            Assert.Contains("\r\nGache-Retry-After-Ms: 1000\r\n", answer.Text, StringComparison.Ordinal);
            Assert.Contains("\"code\":\"overloaded\",\"outcome\":\"not-applied\",\"retryable\":true", answer.Text, StringComparison.Ordinal);
        });
        foreach (CrowdAnswer answer in refused.Take(100)) Assert.Equal(404, (await node.Client.SendAsync(HttpMethod.Get, node.Key($"crowd-{answer.Number}"))).Status);
        foreach (CrowdAnswer answer in done.Take(100)) Assert.Equal(200, (await node.Client.SendAsync(HttpMethod.Get, node.Key($"crowd-{answer.Number}"))).Status);
        Assert.Equal(200, (await node.Client.SendAsync(HttpMethod.Post, node.Key("late"), "v"u8.ToArray())).Status); // refused before, and goes on
    }

    /// <summary>The median of some: a test's machine may stand still for longer than any answer takes.</summary>
    private static async Task<TimeSpan> MedianOfRefusalsAsync(Node node)
    {
        var times = new List<TimeSpan>();
        for (int i = 0; i < 21; i++)
        {
            long began = Stopwatch.GetTimestamp();
            Assert.Equal(429, (await node.Client.SendAsync(HttpMethod.Post, node.Key("late"), "v"u8.ToArray())).Status);
            times.Add(Stopwatch.GetElapsedTime(began));
        }

        times.Sort();
        return times[times.Count / 2];
    }

    /// <summary>Writes until a write is not answered any more.</summary>
    /// <returns>That write.</returns>
    private static async Task<Task<Answer>> UntilTheDiskStandsStillAsync(Node node, Client patient)
    {
        return await Wait.ForAsync("a write waits for the disk", async () =>
        {
            Task<Answer> write = patient.SendAsync(HttpMethod.Post, node.Key("first"), "v"u8.ToArray());
            while (!write.IsCompleted)
            {
                string figures = (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/metrics")).Text;
                string? age = figures.Split('\n').FirstOrDefault(line => line.StartsWith("gache_disk_wal_unsynced_age_seconds", StringComparison.Ordinal));
                if (age is not null && double.Parse(age.Split(' ')[1], CultureInfo.InvariantCulture) > 1) return write;
            }

            return null;
        });
    }

    /// <summary>The most memory that the process ever held.</summary>
    internal static long PeakMemoryKilobytes(Node node) => StatusKilobytes(node.Process, "VmHWM:");

    internal static long StatusKilobytes(ChildProcess process, string name)
    {
        string line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/status")).First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
