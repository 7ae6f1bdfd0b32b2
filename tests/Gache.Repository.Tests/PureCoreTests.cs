using System.Reflection;
using Gache.Raft;
using Xunit;

namespace Gache.Repository.Tests;

/// <summary>The consensus core has no clock, thread, task, lock, disk, network, environment or random source of its own.</summary>
public sealed class PureCoreTests
{
    private static readonly string[] ForbiddenNamespaces =
        ["System.Threading", "System.IO", "System.Net", "System.Security.Cryptography", "System.Timers", "Microsoft.Extensions"];

    private static readonly string[] ForbiddenTypes =
    [
        "System.Console", "System.DateTime", "System.DateTimeOffset", "System.Environment", "System.TimeProvider", "System.AppContext",
        "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "System.Diagnostics.Debug", "System.Diagnostics.Trace", "System.GC",
    ];

    private static readonly string[] ForbiddenMembers =
        ["System.Random::.ctor", "System.Random::get_Shared", "System.Guid::NewGuid", "System.Guid::CreateVersion7"];

    /// <summary>The compiler puts this into every iterator; it decides nothing.</summary>
    private const string InEveryIterator = "System.Environment::get_CurrentManagedThreadId";

    [Fact]
    public void The_consensus_core_reads_no_clock_thread_disk_network_environment_or_dice() =>
        Assert.Empty(ImpuritiesOf(typeof(Message).Assembly));

    [Fact]
    public void The_consensus_core_keeps_nothing_outside_its_objects() =>
        Assert.Empty(CompiledCode.MutableStaticsOf(typeof(Message).Assembly));

    /// <summary>This assembly does what is forbidden, so that the scan is known to see it.</summary>
    [Fact]
    public void The_scan_sees_a_clock_a_lock_a_task_dice_and_a_static()
    {
        _ = Impure();
        IReadOnlyList<string> seen = ImpuritiesOf(typeof(PureCoreTests).Assembly);

        Assert.Contains("System.DateTime", seen);
        Assert.Contains("System.Diagnostics.Stopwatch", seen);
        Assert.Contains("System.Threading.Lock", seen);
        Assert.Contains("System.Threading.Tasks.Task", seen);
        Assert.Contains("System.Environment::get_TickCount64", seen);
        Assert.Contains("System.Random::get_Shared", seen);
        Assert.Contains($"{typeof(PureCoreTests).FullName}.{nameof(calls)}", CompiledCode.MutableStaticsOf(typeof(PureCoreTests).Assembly));
    }

    private static IReadOnlyList<string> ImpuritiesOf(Assembly assembly)
    {
        IReadOnlyList<string> members = CompiledCode.MembersUsedBy(assembly);
        IEnumerable<string> types = CompiledCode.TypesUsedBy(assembly)
            .Where(type => ForbiddenTypes.Contains(type)
                || ForbiddenNamespaces.Any(space => type.StartsWith(space + ".", StringComparison.Ordinal)))
            .Where(type => members.Any(member => member != InEveryIterator && member.StartsWith(type + "::", StringComparison.Ordinal))
                || !members.Any(member => member.StartsWith(type + "::", StringComparison.Ordinal)));
        IEnumerable<string> calls = members
            .Where(member => ForbiddenMembers.Contains(member)
                || (member.StartsWith("System.Environment::", StringComparison.Ordinal) && member != InEveryIterator));
        return [.. types, .. calls];
    }

    private static int calls;

    private static async Task<long> Impure()
    {
        var gate = new Lock();
        lock (gate) calls++;
        await Task.CompletedTask;
        return DateTime.UtcNow.Ticks + System.Diagnostics.Stopwatch.GetTimestamp() + Environment.TickCount64 + Random.Shared.Next();
    }
}
