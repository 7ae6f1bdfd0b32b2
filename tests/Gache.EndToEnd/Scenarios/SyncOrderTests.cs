using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P1, as the kernel sees it: between a write and its acknowledgement lies a finished sync on a majority.</summary>
public sealed class SyncOrderTests
{
    private const int Writes = 30;

    private const string Calls = "fdatasync,pwrite64,pwritev,pwritev2,sendto,sendmsg";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_acknowledgement_leaves_before_a_majority_has_synced(int size)
    {
        await using Shard shard = await Shard.StartAsync(size);
        foreach (Node node in shard.Nodes) await node.StopAsync();
        foreach (Node node in shard.Nodes) node.Start(Strace.Command(shard.Folder[$"{node.Name}.trace"], Calls));
        foreach (Node node in shard.Nodes) await node.ReadyAsync();
        Node leader = await shard.LeaderAsync();

        List<(string Value, string ETag)> acknowledged = [];
        for (int i = 0; i < Writes; i++)
        {
            string value = $"traced-value-{i}-end";
            Answer answer = await leader.Client.SendAsync(HttpMethod.Post, leader.Key($"t{i}"), System.Text.Encoding.UTF8.GetBytes(value));
            Assert.Equal(200, answer.Status);
            acknowledged.Add((value, answer.ETag!));
        }

        foreach (Node node in shard.Nodes) await node.StopAsync();
        IReadOnlyList<SystemCall>[] traces = [.. shard.Nodes.Select(node => Strace.Read(shard.Folder[$"{node.Name}.trace"]))];
        IReadOnlyList<SystemCall> leaders = traces[shard.Nodes.ToList().IndexOf(leader)];

        foreach ((string value, string tag) in acknowledged)
        {
            // strace escapes the quotes of the tag.
            string shown = $"ETag: {tag.Replace("\"", "\\\"", StringComparison.Ordinal)}";
            SystemCall answer = leaders.First(call => call.Name.StartsWith("send", StringComparison.Ordinal)
                && call.Text.Contains("HTTP/1.1 200", StringComparison.Ordinal) && call.Text.Contains(shown, StringComparison.Ordinal));
            int synced = traces.Count(trace => SyncedAt(trace, value) < answer.Begin);
            Assert.True(synced > size / 2, $"{value} was acknowledged when {synced} of {size} had synced it");
        }
    }

    /// <summary>When the first sync that began after the value was written had ended.</summary>
    private static double SyncedAt(IReadOnlyList<SystemCall> trace, string value)
    {
        SystemCall? write = trace.FirstOrDefault(call => call.Name.StartsWith("pwrite", StringComparison.Ordinal) && call.Text.Contains(value, StringComparison.Ordinal));
        SystemCall? sync = write is null ? null : trace.FirstOrDefault(call => call.Name == "fdatasync" && call.Begin >= write.End);
        return sync?.End ?? double.PositiveInfinity;
    }
}
