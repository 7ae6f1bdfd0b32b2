using BenchmarkDotNet.Attributes;
using Gache.Server.Http;
using Gache.Server.Http.Keys;

namespace Gache.Microbench;

/// <summary>From the raw target of a request line to the key's bytes.</summary>
public class TargetBenchmark
{
    private const string Prefix = "/key/";

    private readonly byte[] key = new byte[KeyPath.MaxKeyBytes];

    /// <summary>What stands on the request line.</summary>
    [Params("/key/12345", "/key/users/4711/profile?ttl=30s", "/key/%E4%BD%A0%E5%A5%BD%20x")]
    public string Raw { get; set; } = "";

    [Benchmark(Description = "parse a target and its key")]
    public int Parse()
    {
        var target = Target.Parse(Raw);
        if (KeyPath.Check(target.Path[Prefix.Length..], out KeyPath path) is not null) throw new InvalidOperationException($"{Raw} is no key");
        path.CopyTo(key.AsSpan(0, path.Length));
        return path.Length;
    }
}
