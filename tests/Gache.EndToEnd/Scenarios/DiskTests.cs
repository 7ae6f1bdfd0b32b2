using System.Text;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P3, P4, P10: disks that fail, lie torn, are damaged or full.</summary>
public sealed class DiskTests
{
    private const int DamagedData = 65;
    private const int DiskFailed = 74;
    private const int SmallDiskMiB = 320;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sync_that_fails_ends_the_process_and_what_it_acknowledged_is_there()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await shard.First.StopAsync();
        shard.First.Start(Strace.Command(shard.Folder["trace"], "fdatasync", "inject=fdatasync:error=EIO:when=30+"));
        await shard.First.ReadyAsync();
        await using var writers = new Writers(shard.Nodes, count: 2);

        Assert.Equal(DiskFailed, await shard.First.Process.ExitAsync());
        string last = shard.First.Process.Errors.Lines[^1];
        Assert.Contains("must end (DiskFailed)", last, StringComparison.Ordinal); // the reason is the last line
        Assert.Contains("sync", last, StringComparison.Ordinal);
        await writers.StopAsync();
        await shard.First.StartReadyAsync();

        await writers.VerifyAsync(shard);
    }

    [Fact]
    public async Task One_of_three_whose_sync_fails_leaves_and_the_others_go_on()
    {
        await using Shard shard = await Shard.StartAsync();
        Node failing = await shard.LeaderAsync();
        await failing.StopAsync();
        failing.Start(Strace.Command(shard.Folder["trace"], "fdatasync", "inject=fdatasync:error=EIO:when=30+"));
        await using var writers = new Writers(shard.Nodes);

        Assert.Equal(DiskFailed, await failing.Process.ExitAsync());
        Assert.Contains("must end (DiskFailed)", failing.Process.Errors.Lines[^1], StringComparison.Ordinal);
        await writers.GoOnAsync();
        await failing.StartReadyAsync();

        await writers.VerifyAsync(shard);
    }

    [Fact]
    public async Task A_flipped_byte_in_the_middle_stops_the_start_with_file_and_offset()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        for (int i = 0; i < 20; i++) await shard.WriteAsync(shard.First, $"k{i}", $"value-{i}-of-twenty");
        await shard.First.StopAsync();
        (string file, long offset) = Find(shard.First.Folder, "value-7-of-twenty");
        using (FileStream stream = File.Open(file, FileMode.Open))
        {
            stream.Position = offset;
            stream.WriteByte((byte)'V');
        }

        shard.First.Start();

        Assert.Equal(DamagedData, await shard.First.Process.ExitAsync());
        string last = shard.First.Process.Errors.Lines[^1];
        Assert.Contains(Path.GetFileName(file), last, StringComparison.Ordinal);
        Assert.Contains("offset", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_and_reported()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        for (int i = 0; i < 20; i++) await shard.WriteAsync(shard.First, $"k{i}", $"value-{i}-of-twenty");
        await shard.First.Process.KillAsync();
        (string file, _) = Find(shard.First.Folder, "value-19-of-twenty");
        byte[] segment = await File.ReadAllBytesAsync(file, Cancel);
        int end = segment.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        using (FileStream stream = File.Open(file, FileMode.Open))
        {
            stream.Position = (end + 63) / 64 * 64;
            stream.Write(segment.AsSpan(end / 2, 37)); // a piece of something that was once a record
        }

        await shard.First.StartReadyAsync();

        for (int i = 0; i < 20; i++) Assert.Equal($"value-{i}-of-twenty", await shard.ReadAsync(shard.First, $"k{i}"));
        Assert.True(shard.First.Process.Log.Contains("cut"), shard.First.Process.Log.ToString());
    }

    [Fact]
    public async Task A_full_disk_refuses_puts_and_goes_on_with_reads_and_deletes()
    {
        using var folder = new TestFolder();
        await using var node = new Node("node", folder["data"]) { From = folder.Path };
        Directory.CreateDirectory(node.Folder);
        // A small disk that only this process sees, and that is gone with it.
        string[] unshare = Environment.IsPrivilegedProcess ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"];
        node.Start([.. unshare, "sh", "-c", $"mount -t tmpfs -o size={SmallDiskMiB}m none \"$0\" && exec \"$@\"", node.Folder]);
        await node.ReadyAsync();
        byte[] value = new byte[1 << 20];
        Random.Shared.NextBytes(value);

        int written = 0;
        Answer answer;
        while ((answer = await node.Client.SendAsync(HttpMethod.Post, node.Key($"k{written}"), value)).Status == 200)
        {
            written++;
            Assert.True(written < SmallDiskMiB, "more was acknowledged than the disk can hold");
        }

        Assert.Equal((507, "disk-full", Outcome.NotApplied), (answer.Status, answer.Code, answer.Outcome));
        Assert.Equal(200, (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/livez")).Status);
        for (int i = 0; i < written; i++)
        {
            Assert.True((await node.Client.SendAsync(HttpMethod.Get, node.Key($"k{i}"))).Body.AsSpan().SequenceEqual(value), $"k{i} of {written} is not there");
            Assert.Equal(204, (await node.Client.SendAsync(HttpMethod.Delete, node.Key($"k{i}"))).Status);
        }

        await Wait.UntilAsync("puts are taken again after everything was deleted", async () =>
            (await node.Client.SendAsync(HttpMethod.Post, node.Key("again"), value)).Status == 200);
        Assert.False(node.Process.HasExited);
    }

    /// <summary>Where a text stands in the files of a folder, whatever their layout.</summary>
    private static (string File, long Offset) Find(string folder, string text)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            int offset = File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
            if (offset >= 0) return (file, offset);
        }

        throw new InvalidOperationException($"\"{text}\" stands in no file of {folder}");
    }
}
