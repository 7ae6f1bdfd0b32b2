using System.Net.Sockets;
using Gache.Bench.Keys;
using Gache.Bench.Load;
using Gache.Bench.Measure;
using Gache.Bench.Wire;

namespace Gache.Bench;

/// <summary>All parts of a run, one after the other.</summary>
internal sealed class BenchRun
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly BenchOptions options;
    private readonly AcknowledgedKeys acknowledged;
    private readonly KeyWire wire;
    private readonly Owners owners;

    /// <exception cref="SocketException">A name is not known.</exception>
    public BenchRun(BenchOptions options)
    {
        this.options = options;
        acknowledged = new AcknowledgedKeys(options.KeyCount);
        wire = new KeyWire(new KeySpace(options.Addresses[0], options.Prefix, options.ValueBytes), options.Verification, options.Level);
        owners = new Owners(options.Addresses);
    }

    /// <summary>Whether anybody takes connections at one of the addresses.</summary>
    public async Task<bool> AnyoneListensAsync()
    {
        foreach (Endpoint endpoint in owners.All)
        {
            using var socket = new Socket(endpoint.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            using var patience = new CancellationTokenSource(ConnectTimeout);
            try
            {
                await socket.ConnectAsync(endpoint.Address, patience.Token).ConfigureAwait(false);
                return true;
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException)
            {
                // perhaps another one
            }
        }

        return false;
    }

    /// <summary>Sets the keys that a part is going to read and that were not set yet; null if there is nothing to do.</summary>
    public async Task<LoadResult?> FillAsync(Part part, ILoadWatch? watch, CancellationToken stop)
    {
        if (!part.Reads || !options.IsFilling || acknowledged.HasAll) return null;
        var missing = new MissingKeys(acknowledged);
        var plan = new LoadPlan
        {
            Part = new Part("fill", 0, HasManyCallers: true),
            Wire = wire,
            Acknowledged = acknowledged,
            KeysOf = _ => missing,
            Callers = Math.Min(BenchOptions.DefaultCallers, options.KeyCount),
            Timeout = options.Timeout,
        };
        return await new LoadRun(plan, owners).RunAsync(watch, stop).ConfigureAwait(false);
    }

    /// <summary>Runs one part.</summary>
    public Task<LoadResult> RunAsync(Part part, ILoadWatch? watch, CancellationToken stop)
    {
        int callers = part.HasManyCallers ? options.Callers : 1;
        var plan = new LoadPlan
        {
            Part = part,
            Wire = wire,
            Acknowledged = acknowledged,
            KeysOf = number => KeysOf(number, callers),
            Callers = callers,
            WarmUp = options.WarmUp,
            Duration = options.Duration,
            Timeout = options.Timeout,
            Rate = part.HasManyCallers ? options.Rate : null,
            BacksOff = options.BacksOff,
            Seed = options.Seed,
        };
        return new LoadRun(plan, owners).RunAsync(watch, stop);
    }

    private IKeySource KeysOf(int number, int callers) => options.Distribution switch
    {
        Distribution.Uniform => new UniformKeys(options.Seed + number, options.KeyCount),
        Distribution.Zipfian => new ZipfianKeys(options.Seed + number, options.KeyCount, options.Skew),
        _ => new SequentialKeys(number, callers, options.KeyCount),
    };
}
