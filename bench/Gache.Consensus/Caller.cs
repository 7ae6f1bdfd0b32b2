using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Gache.Consensus;

/// <summary>One of those who propose: always one at a time, the next when the last one is answered.</summary>
internal sealed class Caller(IReplicas replicas, int firstKey, int keyCount)
{
    public const int KeyBytes = 8;
    public const int ValueBytes = 100;

    private readonly byte[] key = new byte[KeyBytes];
    private readonly byte[] value = new byte[ValueBytes];
    private ulong proposed;

    /// <summary>How long its proposals took, in ticks of the stopwatch, since it was told to count.</summary>
    public List<long> Took { get; } = new(capacity: 4_096);

    /// <summary>Proposes until it is over; its keys are its own, so that its last value of one is what stays.</summary>
    public async Task RunAsync(long until)
    {
        Took.Clear();
        long begin = Stopwatch.GetTimestamp();
        while (begin < until)
        {
            Write(KeyOf(proposed), proposed);
            await replicas.ProposeAsync(key, value).ConfigureAwait(false);
            proposed++;
            long end = Stopwatch.GetTimestamp();
            if (end <= until) Took.Add(end - begin); // what was answered too late does not count
            begin = end;
        }
    }

    /// <summary>Whether all replicas hold its last value of each key.</summary>
    public async Task<bool> AllHoldAsync()
    {
        for (ulong number = proposed > (ulong)keyCount ? proposed - (ulong)keyCount : 0; number < proposed; number++)
        {
            Write(KeyOf(number), number);
            if (!await replicas.AllHoldAsync(key, value).ConfigureAwait(false)) return false;
        }

        return true;
    }

    private int KeyOf(ulong number) => firstKey + (int)(number % (ulong)keyCount);

    private void Write(int keyNumber, ulong number)
    {
        Encoding.ASCII.GetBytes(keyNumber.ToString("D8", CultureInfo.InvariantCulture), key);
        value.AsSpan().Fill((byte)'v');
        BinaryPrimitives.WriteUInt64LittleEndian(value, number);
    }
}
