using System.Runtime.CompilerServices;

namespace Gache.Store;

/// <summary>The sizes a block can have: fine steps, so that a slot with one key costs a cache line and a full block wastes little.</summary>
internal static class BlockSizes
{
    /// <summary>The largest block: 4 KiB of records and their index. Two records of the greatest length fit.</summary>
    public const int MaxBytes = 4_352;

    /// <summary>How many sizes there are.</summary>
    public const int Count = SmallCount + (MaxBytes - SmallMaxBytes) / LargeStep;

    private const int SmallStep = 64;
    private const int SmallMaxBytes = 1_024;
    private const int SmallCount = SmallMaxBytes / SmallStep;
    private const int LargeStep = 128;

    /// <summary>The smallest size that holds <paramref name="bytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ClassOf(int bytes) => bytes <= SmallMaxBytes
        ? (bytes + SmallStep - 1) / SmallStep - 1
        : SmallCount - 1 + (bytes - SmallMaxBytes + LargeStep - 1) / LargeStep;

    /// <summary>How many bytes a size holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CapacityOf(int sizeClass) => sizeClass < SmallCount
        ? (sizeClass + 1) * SmallStep
        : SmallMaxBytes + (sizeClass - SmallCount + 1) * LargeStep;
}
