namespace Gache.Cluster;

/// <summary>Small numbers of either sign as small numbers without one.</summary>
internal static class ZigZag
{
    public static ulong Encode(long value) => unchecked((ulong)((value << 1) ^ (value >> 63)));

    public static long Decode(ulong code) => unchecked((long)(code >> 1) ^ -(long)(code & 1));
}
