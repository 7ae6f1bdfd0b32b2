using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Gache.EndToEnd.Harness;

/// <summary>One node: its addresses and folder stay while its process comes and goes.</summary>
internal sealed class Node(string name, string folder, string? join = null, params string[] extra) : IAsyncDisposable
{
    private readonly List<ChildProcess> processes = [];

    public string Name => name;

    public int Port { get; init; } = Ports.Free();

    public int RaftPort { get; init; } = Ports.Free();

    /// <summary>False for a shard of one that nobody can join: no raft port, and the data folder as it comes.</summary>
    public bool HasRaft { get; init; } = true;

    /// <summary>Arguments after all others; may change between two starts.</summary>
    public string[] More { get; set; } = [];

    /// <summary>Its data folder.</summary>
    public string Folder => folder;

    /// <summary>The folder it is started from.</summary>
    public string From { get; init; } = Path.GetTempPath();

    public string Api => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public string Url => $"http://{Api}";

    /// <summary>What is typed: the seed's own command.</summary>
    public string[] Arguments =>
    [
        .. HasRaft ? new[] { "--raft-addr", $"127.0.0.1:{RaftPort}" } : [], "--raft-dir", folder, "-p", $"{Port}",
        .. join is null ? [] : new[] { "--raft-join", join }, .. extra, .. More,
    ];

    /// <summary>The present process, or the last one.</summary>
    public ChildProcess Process => processes[^1];

    public bool IsRunning => processes.Count > 0 && !Process.HasExited;

    public Client Client { get; } = new();

    public string Key(string key) => $"{Url}/key/{key}";

    /// <summary>Starts a process; nothing is waited for.</summary>
    /// <param name="wrapper">A command that gets the server's command line as its last arguments (<c>strace …</c>).</param>
    public ChildProcess Start(params string[] wrapper)
    {
        if (IsRunning) throw new InvalidOperationException($"{name} runs already");
        string[] line = [.. wrapper, ServerBinary.Path, .. Arguments];
        processes.Add(new ChildProcess(name, line[0], line[1..], From));
        return Process;
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartReadyAsync()
    {
        Start();
        await ReadyAsync();
    }

    /// <summary>Waits until <c>/readyz</c> is 200.</summary>
    public async Task ReadyAsync(TimeSpan? within = null, string query = "")
    {
        Answer? last = null;
        try
        {
            await Wait.UntilAsync($"{name} is ready", async () =>
            {
                if (Process.HasExited) throw new InvalidOperationException($"{name} ended with {await Process.ExitAsync()}:\n{Process.Log}");
                last = await Client.SendAsync(HttpMethod.Get, $"{Url}/readyz{query}");
                return last.Status == (int)HttpStatusCode.OK;
            }, within);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; /readyz: {last}\n{Process.Log}");
        }
    }

    /// <summary>SIGTERM, and waits for the end; the exit code.</summary>
    public Task<int> StopAsync()
    {
        Process.Send(Signal.Terminate);
        return Process.ExitAsync();
    }

    /// <summary>Its shard as <c>/cluster</c> shows it, or null without an answer.</summary>
    public async Task<JsonElement?> ClusterAsync()
    {
        Answer answer = await Client.SendAsync(HttpMethod.Get, $"{Url}/cluster");
        return answer.Status == 200 ? answer.Json[0] : null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess process in processes) await process.DisposeAsync();
        Client.Dispose();
    }
}
