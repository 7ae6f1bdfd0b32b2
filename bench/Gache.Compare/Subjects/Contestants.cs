using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Gache.Bench.Keys;
using Gache.Bench.Wire;
using Gache.Compare.Wires;

namespace Gache.Compare.Subjects;

/// <summary>All that can be compared: started where it is installed, passed over in one clear line where not.</summary>
internal sealed class Contestants(Workbench bench, CompareOptions options, KeySpace keys, int keyCount)
{
    public const string Bare = "bare";
    public const string LimitOne = "limit1";
    public const string LimitThree = "limit3";
    public const string One = "gache1";
    public const string Three = "gache3";
    public const string EtcdJsonOne = "etcd1-json";
    public const string EtcdJsonThree = "etcd3-json";
    public const string EtcdGrpcOne = "etcd1-grpc";
    public const string EtcdGrpcThree = "etcd3-grpc";
    public const string Redis = "redis";
    public const string Garnet = "garnet";

    private readonly List<ISubject> subjects = [];

    /// <summary>Starts those that are wanted.</summary>
    public async Task<IReadOnlyList<ISubject>> StartAsync(CancellationToken stop)
    {
        if (options.Wants(Bare)) subjects.Add(await StartBareAsync(stop).ConfigureAwait(false));
        if (options.Wants(LimitOne)) subjects.Add(await StartLimitAsync(LimitOne, 0, "what gache's way to serve costs without a database: one value, one log file; each POST synced", stop).ConfigureAwait(false));
        if (options.Wants(LimitThree)) subjects.Add(await StartLimitAsync(LimitThree, 2, "the same with two followers; each POST synced by two, each GET confirmed by one; no terms, no elections", stop).ConfigureAwait(false));
        if (options.Wants(One)) subjects.Add(await StartGacheAsync(One, 1, "gache, one node; each POST synced, each GET linearizable", stop).ConfigureAwait(false));
        if (options.Wants(Three)) subjects.Add(await StartGacheAsync(Three, 3, "gache, three nodes; each POST synced by two, each GET linearizable; asked at the leader", stop).ConfigureAwait(false));
        await StartEtcdAsync(EtcdJsonOne, EtcdGrpcOne, 1, stop).ConfigureAwait(false);
        await StartEtcdAsync(EtcdJsonThree, EtcdGrpcThree, 3, stop).ConfigureAwait(false);
        if (options.Wants(Redis)) await StartRedisAsync(stop).ConfigureAwait(false);
        if (options.Wants(Garnet)) await StartGarnetAsync(stop).ConfigureAwait(false);
        return subjects;
    }

    /// <summary>The yardstick: ASP.NET Core's minimal API with one value in memory.</summary>
    private async Task<ISubject> StartBareAsync(CancellationToken stop)
    {
        string address = Local(bench.FreePort());
        ServerProcess process = bench.Start(Bare, Workbench.Built("GACHE_COMPARE_BARE"), "--urls", $"http://{address}");
        await AnswersAsync(process, $"http://{address}/key/k", stop).ConfigureAwait(false);
        // It has one value for all keys, so only statuses and lengths can be looked at.
        return new WireSubject(Bare, $"a bare minimal API of ASP.NET Core {Environment.Version}: `MapGet`, `MapPost`, one value in memory, nothing durable", [process], new KeyWire(keys, Verification.Length, null), keyCount, [address]);
    }

    /// <summary>The limit: HTTP, a shared sync, a shared round, and nothing else.</summary>
    private async Task<ISubject> StartLimitAsync(string name, int followers, string what, CancellationToken stop)
    {
        string program = Workbench.Built("GACHE_COMPARE_BARE");
        string File(int n) => Path.Combine(bench.Folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{n}.log"));
        int[] ports = [.. Enumerable.Range(0, followers).Select(_ => bench.FreePort())];
        ServerProcess[] copies = [.. ports.Select((port, n) => bench.Start(name, program, "follow", File(n + 1), Number(port)))];
        string address = Local(bench.FreePort());
        ServerProcess process = bench.Start(name, program, "limit", File(0), followers == 0 ? "-" : string.Join(',', ports.Select(Number)), "--urls", $"http://{address}");
        await AnswersAsync(process, $"http://{address}/key/k", stop).ConfigureAwait(false);
        return new WireSubject(name, what, [process, .. copies], new KeyWire(keys, Verification.Length, null), keyCount, [address]);
    }

    private async Task<ISubject> StartGacheAsync(string name, int count, string what, CancellationToken stop)
    {
        GacheNodes nodes = await GacheNodes.StartAsync(bench, name, count, stop).ConfigureAwait(false);
        return await nodes.SubjectAsync(what, keys, keyCount, stop).ConfigureAwait(false);
    }

    private async Task StartEtcdAsync(string json, string grpc, int count, CancellationToken stop)
    {
        if (!options.Wants(json) && !options.Wants(grpc)) return;
        if (Installed(json, "etcd", "apt-get install etcd-server") is not { } program) return;

        string[] clients = [.. Enumerable.Range(0, count).Select(_ => Local(bench.FreePort()))];
        string[] peers = [.. Enumerable.Range(0, count).Select(_ => Local(bench.FreePort()))];
        string cluster = string.Join(',', peers.Select((peer, n) => string.Create(CultureInfo.InvariantCulture, $"m{n}=http://{peer}")));
        ServerProcess[] processes =
        [
            .. clients.Select((client, n) => bench.Start(
                json, program, "--name", string.Create(CultureInfo.InvariantCulture, $"m{n}"),
                "--data-dir", Path.Combine(bench.Folder, string.Create(CultureInfo.InvariantCulture, $"{json}-{n}")), "--log-level", "error",
                "--listen-client-urls", $"http://{client}", "--advertise-client-urls", $"http://{client}", "--listen-peer-urls", $"http://{peers[n]}",
                "--initial-advertise-peer-urls", $"http://{peers[n]}", "--initial-cluster", cluster, "--initial-cluster-state", "new")),
        ];
        foreach ((ServerProcess process, string client) in processes.Zip(clients)) await AnswersAsync(process, $"http://{client}/health", stop).ConfigureAwait(false);
        string leader = clients[0];
        foreach (string client in clients) // etcd is at its best when its leader is asked
        {
            using var nothing = new StringContent("{}");
            using HttpResponseMessage answer = await bench.Http.PostAsync(new Uri($"http://{client}/v3/maintenance/status"), nothing, stop).ConfigureAwait(false);
            using JsonDocument status = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(stop).ConfigureAwait(false));
            if (status.RootElement.GetProperty("leader").GetString() == status.RootElement.GetProperty("header").GetProperty("member_id").GetString()) leader = client;
        }

        string version = Workbench.FirstLine(program, "--version").Split(": ")[^1];
        string members = count == 1 ? "one member" : "three members, asked at the leader";
        if (options.Wants(json)) subjects.Add(new WireSubject(json, $"etcd {version}, {members}, its JSON gateway; each put synced, each range linearizable", processes, new EtcdJsonWire(keys), keyCount, [leader]));
        if (options.Wants(grpc)) subjects.Add(new GrpcSubject(grpc, $"etcd {version}, {members}, gRPC over four connections; the same", processes, keys, keyCount, leader));
    }

    private async Task StartRedisAsync(CancellationToken stop)
    {
        if (Installed(Redis, "redis-server", "apt-get install redis-server") is not { } program) return;
        int port = bench.FreePort();
        ServerProcess process = bench.Start(
            Redis, program, "--port", Number(port), "--bind", "127.0.0.1", "--dir", Directory.CreateDirectory(Path.Combine(bench.Folder, Redis)).FullName,
            "--appendonly", "yes", "--appendfsync", "always", "--save", "");
        await ListensAsync(process, port, stop).ConfigureAwait(false);
        string version = Workbench.FirstLine(program, "--version").Split(' ').First(word => word.StartsWith("v=", StringComparison.Ordinal))[2..];
        subjects.Add(new WireSubject(Redis, $"Redis {version}, one process, `appendfsync always`: each SET synced", [process], new RespWire(keys), keyCount, [Local(port)]));
    }

    private async Task StartGarnetAsync(CancellationToken stop)
    {
        if (Installed(Garnet, "garnet-server", "dotnet tool install garnet-server --tool-path .gache-build/tools") is not { } program) return;
        int port = bench.FreePort();
        // Its native disk access needs libraries that not every system has; .NET's files work on all.
        ServerProcess process = bench.Start(
            Garnet, program, "--port", Number(port), "--bind", "127.0.0.1", "--checkpointdir", Directory.CreateDirectory(Path.Combine(bench.Folder, Garnet)).FullName,
            "--aof", "--aof-commit-wait", "--memory", "1g", "--logger-level", "Error", "--device-type", "RandomAccess",
            // Each SET that waits holds a thread of its pool: with the pool's own growth, 64 callers at once wait for the better part of a minute.
            "--minthreads", "512");
        await ListensAsync(process, port, stop).ConfigureAwait(false);
        string version = Workbench.FirstLine(program, "--version").Split('+')[0].Split(' ')[^1];
        subjects.Add(new WireSubject(Garnet, $"Garnet {version}, one process, append-only file, `--aof-commit-wait`: each SET waits for its write past the page cache (O_DIRECT), without a sync", [process], new RespWire(keys), keyCount, [Local(port)]));
    }

    private static string? Installed(string name, string program, string install)
    {
        string? path = Workbench.Find(program);
        if (path is null) Console.Error.WriteLine($"bench/compare: {name} is left out: there is no {program} (to have it: {install})");
        return path;
    }

    private async Task AnswersAsync(ServerProcess process, string url, CancellationToken stop) =>
        await Workbench.UntilAsync($"{url} answers", process, async () => (await bench.Http.GetAsync(new Uri(url), stop).ConfigureAwait(false)).IsSuccessStatusCode, stop).ConfigureAwait(false);

    private static async Task ListensAsync(ServerProcess process, int port, CancellationToken stop) =>
        await Workbench.UntilAsync($"{process.Name} listens", process, async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync("127.0.0.1", port, stop).ConfigureAwait(false);
            return true;
        }, stop).ConfigureAwait(false);

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
