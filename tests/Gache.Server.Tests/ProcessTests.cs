using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gache.Server.Hosting;
using Gache.Server.Options;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>One run of the server, from options to exit code, with a real folder and a real port.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gache-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_node_keeps_what_was_written_over_a_stop_and_a_start()
    {
        int port = FreePort();
        await using (var run = new Run(port, folder))
        {
            await run.IsReadyAsync();
            Assert.Equal(HttpStatusCode.OK, (await run.Client.PostAsync("/key/a", new ByteArrayContent("v"u8.ToArray()), TestContext.Current.CancellationToken)).StatusCode);
            Assert.Equal(ExitCode.Stopped, await run.StopAsync());
        }

        await using (var run = new Run(port, folder))
        {
            await run.IsReadyAsync();
            Assert.Equal("v", await run.Client.GetStringAsync("/key/a", TestContext.Current.CancellationToken));
            Assert.Equal(ExitCode.Stopped, await run.StopAsync());
        }
    }

    [Fact]
    public async Task A_port_in_use_is_exit_code_69_and_touches_no_folder()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        string data = Path.Combine(folder, "data");
        await using var run = new Run(((IPEndPoint)other.LocalEndpoint).Port, data);

        Assert.Equal(ExitCode.AddressUnavailable, await run.Ended);
        Assert.Contains("in use", run.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task A_file_where_the_folder_should_be_is_exit_code_73()
    {
        string file = Path.Combine(folder, "file");
        await File.WriteAllTextAsync(file, "x", TestContext.Current.CancellationToken);
        await using var run = new Run(FreePort(), file);

        Assert.Equal(ExitCode.FolderNotUsable, await run.Ended);
        Assert.Contains($"{file} is a file", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_exit_code_69()
    {
        await using var run = new Run(FreePort(), folder, "--listen", "203.0.113.1");
        Assert.Equal(ExitCode.AddressUnavailable, await run.Ended);
        Assert.Contains("203.0.113.1", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_raft_port_in_use_is_exit_code_69()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await using var run = new Run(FreePort(), folder, "--raft-addr", other.LocalEndpoint.ToString()!);
        Assert.Equal(ExitCode.AddressUnavailable, await run.Ended);
        Assert.Contains(other.LocalEndpoint.ToString()!, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_use_is_exit_code_73_and_names_its_holder()
    {
        await using var first = new Run(FreePort(), folder);
        await first.IsReadyAsync();
        await using var second = new Run(FreePort(), folder);

        Assert.Equal(ExitCode.FolderNotUsable, await second.Ended);
        Assert.Contains($"process {Environment.ProcessId}", second.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Stopped, await first.StopAsync());
    }

    [Fact]
    public async Task A_folder_that_is_a_file_is_exit_code_73()
    {
        string file = Path.Combine(folder, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        await using var run = new Run(FreePort(), file);
        Assert.Equal(ExitCode.FolderNotUsable, await run.Ended);
        Assert.Contains(file, run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0::/a/b\n", 500)]
    [InlineData("0::/a\n", 1_000)]
    [InlineData("0::/\n", long.MaxValue)]
    [InlineData("1:cpu:/x\n", long.MaxValue)]
    public void The_memory_bound_is_the_least_of_the_cgroups_above(string membership, long limit)
    {
        Directory.CreateDirectory(Path.Combine(folder, "a/b"));
        File.WriteAllText(Path.Combine(folder, "a/memory.max"), "1000\n");
        File.WriteAllText(Path.Combine(folder, "a/b/memory.max"), "500\n");
        File.WriteAllText(Path.Combine(folder, "memory.max"), "max\n");
        string file = Path.Combine(folder, "cgroup");
        File.WriteAllText(file, membership);
        Assert.Equal(limit, MemoryBound.CgroupLimit(folder, file));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly TaskCompletionSource<PosixSignal> stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly StringWriter errors = new();
        private readonly ServiceNotices notices = new(null, TimeProvider.System, NullLogger.Instance);

        public Run(int port, string folder, params string[] more)
        {
            CommandLineResult line = CommandLine.Read(
                ["-p", port.ToString(System.Globalization.CultureInfo.InvariantCulture), "--raft-dir", folder, .. more], new Hashtable(), "1.2.3");
            Assert.NotNull(line.Options);
            Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            Ended = new ServerProcess(line.Options, errors, NullLoggerFactory.Instance, notices).RunAsync(stop.Task);
        }

        public HttpClient Client { get; }

        public Task<int> Ended { get; }

        public string Errors => errors.ToString();

        public async Task IsReadyAsync()
        {
            while (true)
            {
                Assert.False(Ended.IsCompleted, Errors);
                try
                {
                    using HttpResponseMessage answer = await Client.GetAsync("/readyz", TestContext.Current.CancellationToken);
                    if (answer.IsSuccessStatusCode) return;
                }
                catch (HttpRequestException)
                {
                    // not yet
                }

                await Task.Delay(20, TestContext.Current.CancellationToken); // between two looks; the condition ends the wait
            }
        }

        public Task<int> StopAsync()
        {
            stop.TrySetResult(PosixSignal.SIGTERM);
            return Ended;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            Client.Dispose();
            errors.Dispose();
            notices.Dispose();
        }
    }
}
