using System.Runtime.CompilerServices;

namespace Gache.Store;

/// <summary>What is read before it is needed.</summary>
public sealed partial class KeyValueStore
{
    /// <summary>How many keys <see cref="Expect"/> takes: about as many reads of memory as a processor has under way at once.</summary>
    public const int MaxExpected = 16;

    private int readAhead; // keeps the reads from being left out

    /// <summary>Says which keys are sought next, so that memory is waited for once for all of them: that wait is most of what a set or a get of many
    /// keys costs. Nothing changes, and it need not come true.</summary>
    /// <param name="keys">At most <see cref="MaxExpected"/>; empty ones are passed over.</param>
    [SkipLocalsInit]
    public void Expect(ReadOnlySpan<ReadOnlyMemory<byte>> keys)
    {
        Span<ExpectedKey> expected = stackalloc ExpectedKey[MaxExpected];
        int count = 0;
        int read = 0;
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i].IsEmpty) continue;
            int slot = Slot.Of(keys[i].Span);
            expected[count++] = new ExpectedKey { Number = i, Slot = slot };
            read += (int)ownership.PhaseOf(slot) + table.ReadAhead(slot);
        }

        readAhead = read + table.Blocks.ReadAhead(keys, expected[..count]);
    }
}
