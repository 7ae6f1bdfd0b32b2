using Gache.Bench;
using Gache.Bench.Keys;
using Gache.Bench.Load;
using Gache.Bench.Measure;
using Gache.Bench.Wire;

namespace Gache.Compare.Subjects;

/// <summary>A subject that the load tool's callers ask, each answer verified.</summary>
internal sealed class WireSubject(string name, string what, IReadOnlyList<ServerProcess> processes, IWire wire, int keyCount, IEnumerable<string> addresses) : ISubject
{
    private const int FillCallers = 64;

    private readonly Owners owners = new(addresses);
    private readonly AcknowledgedKeys acknowledged = new(keyCount);

    public string Name => name;

    public string What => what;

    public IReadOnlyList<ServerProcess> Processes => processes;

    /// <summary>When a request is given up.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether callers that were refused rest for as long as the answer says.</summary>
    public bool BacksOff { get; set; }

    public Task<LoadResult> FillAsync(CancellationToken stop)
    {
        var missing = new MissingKeys(acknowledged);
        return new LoadRun(Plan(Part.ParallelSet, Math.Min(FillCallers, keyCount), null, _ => missing), owners).RunAsync(null, stop);
    }

    public Task<LoadResult> RunAsync(Part part, int callers, TimeSpan duration, CancellationToken stop) =>
        RunAsync(part, callers, duration, null, stop);

    /// <summary>Asks so many requests a second of all callers together, in an open loop; or as many as are answered, for null.</summary>
    public Task<LoadResult> RunAsync(Part part, int callers, TimeSpan duration, double? rate, CancellationToken stop) =>
        new LoadRun(Plan(part, callers, duration, number => new UniformKeys(number, keyCount)) with { Rate = rate }, owners).RunAsync(null, stop);

    private LoadPlan Plan(Part part, int callers, TimeSpan? duration, Func<int, IKeySource> keys) => new()
    {
        Part = part,
        Wire = wire,
        Acknowledged = acknowledged,
        KeysOf = keys,
        Callers = callers,
        Duration = duration,
        Timeout = Timeout,
        BacksOff = BacksOff,
    };
}
