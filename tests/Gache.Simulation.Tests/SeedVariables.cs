using System.Globalization;
using Gache.Primitives;

namespace Gache.Simulation.Tests;

/// <summary>
/// What a person may set to play other seeds than the usual: <c>GACHE_SEED</c> one seed with its trace (of <c>GACHE_TRACE_LINES</c> lines),
/// <c>GACHE_FIRST_SEED</c> and <c>GACHE_SEEDS</c> a range, <c>GACHE_GOES_ON=1</c> all of it whatever is found; <c>GACHE_FAULT</c> the one
/// planted mistake to look for.
/// </summary>
internal static class SeedVariables
{
    private const ulong DefaultTraceLines = 300;

    public static ulong? One => Number("GACHE_SEED");

    public static ulong First => Number("GACHE_FIRST_SEED") ?? 1;

    public static ulong? Count => Number("GACHE_SEEDS");

    public static bool GoesOn => Number("GACHE_GOES_ON") is not null;

    public static PlantedFault? Fault =>
        Enum.TryParse(Environment.GetEnvironmentVariable("GACHE_FAULT"), out PlantedFault fault) ? fault : null;

    public static int TraceLines => (int)(Number("GACHE_TRACE_LINES") ?? DefaultTraceLines);

    public static IEnumerable<ulong> Range(ulong count) => Enumerable.Range(0, (int)count).Select(i => First + (ulong)i);

    /// <summary>The one command that plays a seed of a test again.</summary>
    public static string Replay(ulong seed, string test, PlantedFault fault = PlantedFault.None) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(fault == PlantedFault.None ? "" : $"GACHE_FAULT={fault} ")}GACHE_SEED={seed} dotnet run --project tests/Gache.Simulation.Tests -- -method '*{test}'");

    private static ulong? Number(string name) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
