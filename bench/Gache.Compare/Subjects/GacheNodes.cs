using System.Globalization;
using System.Text.Json;
using Gache.Bench.Keys;
using Gache.Bench.Wire;

namespace Gache.Compare.Subjects;

/// <summary>One shard of gache: its nodes' addresses and folders stay while their processes come and go.</summary>
internal sealed class GacheNodes
{
    private readonly Workbench bench;
    private readonly string name;
    private readonly string program;
    private readonly string[][] arguments;
    private readonly ServerProcess[] processes;

    private GacheNodes(Workbench bench, string name, string program, int count)
    {
        this.bench = bench;
        this.name = name;
        this.program = program;
        Addresses = [.. Enumerable.Range(0, count).Select(_ => Local(bench.FreePort()))];
        arguments =
        [
            .. Addresses.Select((address, n) => (string[])[
                "--raft-addr", Local(bench.FreePort()), "--raft-dir", Path.Combine(bench.Folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{n}")),
                "-p", address.Split(':')[1], "--log-level", "warn", .. n == 0 ? (string[])[] : ["--raft-join", Addresses[0]]]),
        ];
        processes = new ServerProcess[count];
    }

    /// <summary>HOST:PORT of each node's API.</summary>
    public IReadOnlyList<string> Addresses { get; }

    /// <summary>The processes that run now.</summary>
    public IReadOnlyList<ServerProcess> Processes => processes;

    /// <summary>Starts them and waits until all vote.</summary>
    public static Task<GacheNodes> StartAsync(Workbench bench, string name, int count, CancellationToken stop) =>
        StartAsync(bench, name, Workbench.Built("GACHE_COMPARE_NODE"), count, stop);

    /// <summary>The same with another program.</summary>
    public static async Task<GacheNodes> StartAsync(Workbench bench, string name, string program, int count, CancellationToken stop)
    {
        var nodes = new GacheNodes(bench, name, program, count);
        for (int n = 0; n < count; n++) await nodes.StartAsync(n, stop).ConfigureAwait(false);
        await nodes.VotersAsync(stop).ConfigureAwait(false);
        return nodes;
    }

    /// <summary>Starts one, again or for the first time, and waits until it is ready.</summary>
    public async Task StartAsync(int number, CancellationToken stop)
    {
        if (processes[number] is { } old) bench.Remove(old);
        processes[number] = bench.Start(name, program, arguments[number]);
        await Workbench.UntilAsync($"{name} is ready", processes[number], async () => (await bench.Http.GetAsync(new Uri($"http://{Addresses[number]}/readyz"), stop).ConfigureAwait(false)).IsSuccessStatusCode, stop).ConfigureAwait(false);
    }

    /// <summary>Waits until all are voters that are heard.</summary>
    public Task VotersAsync(CancellationToken stop) => Workbench.UntilAsync($"all nodes of {name} vote", null, async () =>
    {
        using JsonDocument? cluster = await ClusterAsync(await LeaderAsync(stop).ConfigureAwait(false), stop).ConfigureAwait(false);
        JsonElement[] members = [.. cluster!.RootElement[0].GetProperty("members").EnumerateArray()];
        return members.Length == processes.Length && members.All(member =>
            member.GetProperty("role").GetString() is "leader" or "voter" && member.GetProperty("reachable").ValueKind == JsonValueKind.True);
    }, stop);

    /// <summary>Number of the node that leads, as it says itself.</summary>
    public async Task<int> LeaderAsync(CancellationToken stop)
    {
        int leader = -1;
        await Workbench.UntilAsync($"{name} has a leader", null, async () =>
        {
            for (int n = 0; n < processes.Length; n++)
            {
                if (processes[n].HasExited) continue;
                using JsonDocument? cluster = await ClusterAsync(n, stop).ConfigureAwait(false);
                if (cluster?.RootElement[0].GetProperty("leader").GetString() == Addresses[n]) leader = n;
            }

            return leader >= 0;
        }, stop).ConfigureAwait(false);
        return leader;
    }

    /// <summary>The term as one of them says it: an election raises it.</summary>
    public async Task<ulong> TermAsync(int number, CancellationToken stop)
    {
        using JsonDocument? cluster = await ClusterAsync(number, stop).ConfigureAwait(false);
        return cluster?.RootElement[0].GetProperty("term").GetUInt64() ?? throw new CompareException($"{name}: node {number} says no term");
    }

    /// <summary>As something to ask; callers begin at the leader, and follow it.</summary>
    public async Task<WireSubject> SubjectAsync(string what, KeySpace keys, int keyCount, CancellationToken stop)
    {
        int leader = await LeaderAsync(stop).ConfigureAwait(false);
        return new WireSubject(name, what, processes, new KeyWire(keys, Verification.Content, null), keyCount, [Addresses[leader]]);
    }

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private async Task<JsonDocument?> ClusterAsync(int number, CancellationToken stop)
    {
        using HttpResponseMessage answer = await bench.Http.GetAsync(new Uri($"http://{Addresses[number]}/cluster"), stop).ConfigureAwait(false);
        return answer.IsSuccessStatusCode ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync(stop).ConfigureAwait(false)) : null;
    }
}
