using System.Runtime.CompilerServices;
using Gache.Bench.Load;

namespace Gache.Bench.Tests;

/// <summary>The tests' sockets complete as the tool's do.</summary>
internal static class InlineSockets
{
    [ModuleInitializer]
    public static void Set() => LoadThreads.RunInline(count: null);
}
