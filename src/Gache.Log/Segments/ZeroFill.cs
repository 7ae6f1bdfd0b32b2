namespace Gache.Log;

/// <summary>Writes zeros in steps small enough not to hold up the log's own sync for long (which waits for all dirty pages of the file).</summary>
internal static class ZeroFill
{
    public const int StepBytes = 256 << 10;

    private static readonly byte[] Zeros = new byte[StepBytes];

    public static void Write(IFile file, long from, long to)
    {
        for (long at = from; at < to; at += StepBytes) file.Write(at, Zeros.AsSpan(0, (int)Math.Min(StepBytes, to - at)));
    }
}
