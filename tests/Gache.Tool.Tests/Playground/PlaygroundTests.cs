using System.Net;
using System.Net.Sockets;
using Gache.Tool.Playground;
using Xunit;

namespace Gache.Tool.Tests.Playground;

/// <summary>Real processes: the tool of this build runs the server of this build.</summary>
public sealed class PlaygroundTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_is_killed_and_started_again_by_its_number_and_q_ends_everything()
    {
        await using RunningPlayground playground = await RunningPlayground.StartServedAsync("--shards", "1");
        using var http = new HttpClient();
        string key = $"http://127.0.0.1:{playground.FirstPort}/key/greeting";
        using (HttpResponseMessage written = await http.PostAsync(new Uri(key), new StringContent("kept"), Cancel)) Assert.True(written.IsSuccessStatusCode);
        int first = playground.ProcessOf(2);

        playground.Type("2");
        await playground.SaysAsync("killed; 2 and Enter starts it again");
        Assert.False(RunningPlayground.IsAlive(first));

        playground.Type("2");
        await playground.SaysAsync("node2 | process ", 2);
        Assert.NotEqual(first, playground.ProcessOf(2));
        await playground.UntilAsync("node2 reads", () => http.GetStringAsync(new Uri($"http://127.0.0.1:{playground.FirstPort + 1}/key/greeting"), Cancel) is { } read
            && read.ContinueWith(task => task.IsCompletedSuccessfully && task.Result == "kept", Cancel, TaskContinuationOptions.None, TaskScheduler.Default).Result);

        playground.Type("4");
        await playground.SaysAsync("1 to 3 and Enter", 2);
        playground.Type("q");
        Assert.Equal(0, await playground.ExitAsync());
        playground.LeavesNoProcess();
        await playground.SaysAsync("stopped [503]", 3); // in good order, not cut off
    }

    /// <summary>The pages of this build's server are what this build's tool reads.</summary>
    [Fact]
    public async Task The_cluster_words_understand_real_nodes()
    {
        await using RunningPlayground playground = await RunningPlayground.StartServedAsync("--shards", "3", "--replicas", "1");
        string at = $"127.0.0.1:{playground.FirstPort + 2}";

        Said shown = await Words.TypeAsync("cluster", "show", "--at", at);
        Assert.Equal((0, ""), (shown.ExitCode, shown.Errors));
        foreach (string part in (string[])["slots 0-5000 (5001)", "slots 5001-10000 (5000)", "slots 10001-16383 (6383)"]) Assert.Contains(part, shown.Output, StringComparison.Ordinal);
        for (int node = 0; node < 3; node++) Assert.Contains($"  leader  127.0.0.1:{playground.FirstPort + node}", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("without an owner", shown.Output, StringComparison.Ordinal);

        Said planned = await Words.TypeAsync("cluster", "rebalance", "--drain", $"127.0.0.1:{playground.FirstPort}", "--dry-run", "--at", at);
        Assert.Equal((0, ""), (planned.ExitCode, planned.Errors));
        Assert.Contains("has 5001 slots and will have 0", planned.Output, StringComparison.Ordinal);

        playground.Type("q");
        Assert.Equal(0, await playground.ExitAsync());
    }

    [Theory]
    [InlineData(RunningPlayground.Interrupt, true)]
    [InlineData(RunningPlayground.Interrupt, false)]
    [InlineData(RunningPlayground.Terminate, false)]
    public async Task Ctrl_C_and_SIGTERM_leave_no_process_and_no_folder(int signal, bool isFromTerminal)
    {
        await using RunningPlayground playground = await RunningPlayground.StartServedAsync("--shards", "1");
        string folder = FolderOf(playground);
        Assert.Equal(3, Directory.GetDirectories(folder).Length);

        if (isFromTerminal) playground.SignalGroup(signal);
        else playground.Signal(signal);

        Assert.Equal(0, await playground.ExitAsync());
        playground.LeavesNoProcess();
        Assert.Equal(3, playground.NodeProcesses.Count);
        Assert.False(Directory.Exists(folder));
        await playground.SaysAsync("stopped [503]", 3);
    }

    [Fact]
    public async Task Killed_with_9_itself_it_leaves_no_process()
    {
        string folder = Directory.CreateTempSubdirectory("gache-tool-").FullName;
        await using (RunningPlayground playground = await RunningPlayground.StartServedAsync("--shards", "1", "--folder", folder))
        {
            Assert.All(playground.NodeProcesses, id => Assert.True(RunningPlayground.IsAlive(id)));
            playground.Signal(RunningPlayground.KillSignal);
            await playground.UntilAsync("all nodes have ended", () => !playground.NodeProcesses.Any(RunningPlayground.IsAlive));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_given_folder_stays_and_is_used_again()
    {
        string folder = Path.Combine(Directory.CreateTempSubdirectory("gache-tool-").FullName, "mine");
        using var http = new HttpClient();
        await using (RunningPlayground playground = await RunningPlayground.StartServedAsync("--shards", "1", "--replicas", "1", "--folder", folder))
        {
            using HttpResponseMessage written = await http.PostAsync(
                new Uri($"http://127.0.0.1:{playground.FirstPort}/key/a"), new StringContent("kept"), Cancel);
            Assert.True(written.IsSuccessStatusCode);
            playground.Type("q");
            Assert.Equal(0, await playground.ExitAsync());
        }

        await using (RunningPlayground playground = await RunningPlayground.StartServedAsync("--shards", "1", "--replicas", "1", "--folder", folder))
            Assert.Equal("kept", await http.GetStringAsync(new Uri($"http://127.0.0.1:{playground.FirstPort}/key/a"), Cancel));

        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    [Fact]
    public async Task A_folder_is_not_used_for_another_number_of_nodes()
    {
        string folder = Directory.CreateTempSubdirectory("gache-tool-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "playground"), "--shards 1 --replicas 3\n", Cancel);

        Said said = await Words.TypeAsync("playground", "--server", Repository.Server, "--shards", "2", "--folder", folder);

        Assert.Equal(64, said.ExitCode);
        Assert.Contains($"{folder} was made with --shards 1 --replicas 3", said.Errors, StringComparison.Ordinal);
        Assert.Equal(["playground"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Nine starts at once say a hundred lines, and the one that matters comes last.</summary>
    [Fact]
    public async Task What_nodes_log_is_shown_once_all_is_served_and_before_that_only_what_is_amiss()
    {
        await using RunningPlayground playground = await RunningPlayground.StartServedAsync("--shards", "1");
        string[] before = [.. playground.Lines.TakeWhile(line => !line.Contains("all slots are served,", StringComparison.Ordinal))];
        Assert.DoesNotContain(before, line => line.Contains("Z info ", StringComparison.Ordinal));
        Assert.Contains(before, line => line.StartsWith("what the nodes log is shown once", StringComparison.Ordinal));

        playground.Type("1");
        playground.Type("1");
        await playground.SaysAsync("Z info "); // elections, and the start
        playground.Type("q");
        Assert.Equal(0, await playground.ExitAsync());
    }

    [Theory]
    [InlineData("2026-01-31 12:00:00.000Z info  elected leader: term 4 [103]", true)]
    [InlineData("2026-01-31 12:00:00.000Z debug a thing", true)]
    [InlineData("2026-01-31 12:00:00.000Z warn  a thing with info in it", false)]
    [InlineData("2026-01-31 12:00:00.000Z error a thing", false)]
    [InlineData("gache: the data folder is a file", false)]
    [InlineData("", false)]
    public void Lines_below_a_warning_are_routine(string line, bool isRoutine) => Assert.Equal(isRoutine, NodeLine.IsRoutine(line));

    [Fact]
    public void What_is_not_ready_is_one_line_however_many_nodes_there_are()
    {
        (string Name, string Reason)[] nodes = [.. Enumerable.Range(1, 5).Select(n => ($"node{n}", "does not answer"))];
        Assert.Equal(
            "still starting after 12 s, which a busy machine may need: waits for node1 (does not answer), node2 (does not answer), node3 (does not answer) and 2 more",
            PlaygroundLoop.Waiting(TimeSpan.FromSeconds(12), nodes));
        Assert.EndsWith("waits for node1 (does not answer)", PlaygroundLoop.Waiting(TimeSpan.FromSeconds(12), nodes[..1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_cannot_start_ends_the_playground_with_its_reason_shown()
    {
        string folder = Directory.CreateTempSubdirectory("gache-tool-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "node2"), "a file where a folder should be", Cancel);
        await using RunningPlayground playground = RunningPlayground.Start("--shards", "1", "--folder", folder);

        Assert.Equal(1, await playground.ExitAsync());
        playground.LeavesNoProcess();
        Assert.Contains(playground.Lines, line => line.StartsWith("node2 | gache: ", StringComparison.Ordinal));
        await playground.SaysAsync("node2 | ended by itself with exit code 73");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_port_that_was_asked_for_and_is_taken_is_exit_code_69()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        Said said = await Words.TypeAsync("playground", "--server", Repository.Server, "--port", $"{port}");

        Assert.Equal(69, said.ExitCode);
        Assert.Contains($"port {port} is in use", said.Errors, StringComparison.Ordinal);
    }

    /// <summary>As the first line names it.</summary>
    private static string FolderOf(RunningPlayground playground) =>
        playground.Lines[0].Split(", in ")[1].Replace(" (removed at the end)", "", StringComparison.Ordinal);
}
