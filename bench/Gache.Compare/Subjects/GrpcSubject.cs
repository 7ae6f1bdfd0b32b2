using System.Diagnostics;
using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Bench.Measure;
using Grpc.Core;
using Grpc.Net.Client;
using HdrHistogram;

namespace Gache.Compare.Subjects;

/// <summary>etcd asked over gRPC, as its own clients do: many requests at a time on few connections. Messages are written by hand: they are two fields.</summary>
internal sealed class GrpcSubject(string name, string what, IReadOnlyList<ServerProcess> processes, KeySpace keys, int keyCount, string address) : ISubject, IDisposable
{
    /// <summary>Connections; more gained nothing where it was tried, and one is a bottleneck.</summary>
    private const int Connections = 4;

    private const int FillCallers = 64;
    private const byte FirstField = 0x0a; // field 1, bytes
    private const byte SecondField = 0x12; // field 2, bytes

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);
    private static readonly Method<byte[], byte[]> Put = new(MethodType.Unary, "etcdserverpb.KV", "Put", Bytes, Bytes);
    private static readonly Method<byte[], byte[]> Range = new(MethodType.Unary, "etcdserverpb.KV", "Range", Bytes, Bytes);

    private readonly GrpcChannel[] channels = [.. Enumerable.Range(0, Connections).Select(_ => GrpcChannel.ForAddress($"http://{address}"))];
    private readonly AcknowledgedKeys acknowledged = new(keyCount);

    public string Name => name;

    public string What => what;

    public IReadOnlyList<ServerProcess> Processes => processes;

    public Task<LoadResult> FillAsync(CancellationToken stop)
    {
        var missing = new MissingKeys(acknowledged);
        return RunAsync(Part.ParallelSet, FillCallers, null, _ => missing, stop);
    }

    public Task<LoadResult> RunAsync(Part part, int callers, TimeSpan duration, CancellationToken stop) =>
        RunAsync(part, callers, duration, number => new UniformKeys(number, keyCount), stop);

    public void Dispose()
    {
        foreach (GrpcChannel channel in channels) channel.Dispose();
    }

    private async Task<LoadResult> RunAsync(Part part, int callers, TimeSpan? duration, Func<int, IKeySource> source, CancellationToken stop)
    {
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long begin = Stopwatch.GetTimestamp();
        (LongHistogram Latency, string? Wrong)[] all = await Task.WhenAll(Enumerable.Range(0, callers).Select(n => Task.Run(
            () => CallAsync(channels[n % Connections].CreateCallInvoker(), part.Reads, duration, begin, source(n), stop), stop))).ConfigureAwait(false);
        var elapsed = Stopwatch.GetElapsedTime(begin);
        LongHistogram latency = Tally.NewHistogram();
        foreach ((LongHistogram one, _) in all) latency.Add(one);
        string[] wrong = [.. all.Select(each => each.Wrong).OfType<string>()];
        return new LoadResult
        {
            Part = part,
            Callers = callers,
            Elapsed = elapsed,
            Right = latency.TotalCount,
            Wrong = wrong.Length,
            WrongReasons = wrong,
            OwnProcessorTime = (Environment.CpuUsage.TotalTime - processor) / Math.Max(1, latency.TotalCount),
            All = latency,
            Reads = part.Reads ? latency : Tally.NewHistogram(),
            Writes = part.Reads ? Tally.NewHistogram() : latency,
        };
    }

    private async Task<(LongHistogram Latency, string? Wrong)> CallAsync(CallInvoker invoker, bool isRead, TimeSpan? duration, long begin, IKeySource source, CancellationToken stop)
    {
        LongHistogram latency = Tally.NewHistogram();
        byte[] value = new byte[keys.MaxValueBytes];
        while ((duration is not { } time || Stopwatch.GetElapsedTime(begin) < time) && !stop.IsCancellationRequested && source.TryNext(out int key))
        {
            int length = keys.WriteValue(value, key);
            byte[] request = isRead ? Message(key) : Message(key, value.AsSpan(0, length));
            long sent = Stopwatch.GetTimestamp();
            byte[] answer = await invoker.AsyncUnaryCall(isRead ? Range : Put, null, new CallOptions(cancellationToken: stop), request).ResponseAsync.ConfigureAwait(false);
            latency.RecordValue(Math.Max(1, Stopwatch.GetElapsedTime(sent).Ticks));
            if (answer.Length == 0 || answer[0] != FirstField) return (latency, $"key {key}: an answer without header");
            if (isRead && answer.AsSpan().IndexOf(value.AsSpan(0, length)) < 0) return (latency, $"key {key}: not the value that was set");
            if (!isRead) acknowledged.Add(key);
        }

        return (latency, null);
    }

    /// <summary>RangeRequest of etcd's rpc.proto: key = 1. An end of the range that is there and empty would mean all keys from here on.</summary>
    private byte[] Message(int key) => [.. WithKey(key)];

    /// <summary>PutRequest: key = 1, value = 2.</summary>
    private byte[] Message(int key, ReadOnlySpan<byte> value)
    {
        List<byte> message = WithKey(key);
        message.Add(SecondField);
        AddLength(message, value.Length);
        message.AddRange(value);
        return [.. message];
    }

    private List<byte> WithKey(int key)
    {
        Span<byte> name = stackalloc byte[keys.MaxKeyBytes];
        name = name[..keys.WriteKey(name, key)];
        var message = new List<byte> { FirstField };
        AddLength(message, name.Length);
        message.AddRange(name);
        return message;
    }

    private static void AddLength(List<byte> message, int length)
    {
        for (; length >= 0x80; length >>= 7) message.Add((byte)(length | 0x80));
        message.Add((byte)length);
    }
}
