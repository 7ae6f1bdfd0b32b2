using System.Text;
using BenchmarkDotNet.Attributes;
using Gache.Store;

namespace Gache.Microbench;

/// <summary>The store alone: one of a million keys of 15 bytes with values of 100.</summary>
public class StoreBenchmark : IDisposable
{
    private const int Keys = 1_000_000;
    private const int Mask = (1 << 16) - 1; // so many different ones are asked for

    private readonly byte[][] keys = new byte[Mask + 1][];
    private readonly byte[][] sets = new byte[Mask + 1][];
    private KeyValueStore? store;
    private ulong index;
    private int next;

    [GlobalSetup]
    public void Fill()
    {
        var dice = new Random(1);
        byte[] value = new byte[100];
        dice.NextBytes(value);
        store = new KeyValueStore();
        for (int i = 0; i < Keys; i++) store.Apply(++index, Command.EncodeSet(KeyOf(i), value));
        for (int i = 0; i <= Mask; i++)
        {
            keys[i] = KeyOf(dice.Next(Keys));
            sets[i] = Command.EncodeSet(keys[i], value);
        }
    }

    [Benchmark(Description = "get, random")]
    public int Get() => store!.TryGet(keys[++next & Mask], out ValueRef found) ? found.Bytes.Length : throw new InvalidOperationException("a key is missing");

    [Benchmark(Description = "set a key that is there, random")]
    public void Replace() => store!.Apply(++index, sets[++next & Mask]);

    [GlobalCleanup]
    public void Dispose()
    {
        store?.Dispose();
        store = null;
        GC.SuppressFinalize(this);
    }

    private static byte[] KeyOf(int number) => Encoding.ASCII.GetBytes($"key:{number:00000000000}");
}
