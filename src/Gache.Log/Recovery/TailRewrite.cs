using Gache.Primitives;

namespace Gache.Log;

/// <summary>
/// Makes a recovered log's end durable. What was read may have come from the page cache alone: of a process that was killed before its
/// sync, or of a sync that failed and left the pages marked clean. So it is written again, and only then may anyone be told of it.
/// </summary>
internal static class TailRewrite
{
    private const int StepBytes = 256 << 10;

    public static void Run(SegmentFolder folder, RecoveredLog log)
    {
        for (int i = log.Unused.Count - 1; i >= 0; i--)
        {
            log.Unused[i].Retire();
            folder.Delete(log.Unused[i].Number); // the highest first: a crash in between leaves no gap
        }

        log.Unused.Clear();
        if (log.Segments.Count == 0) return;
        Segment last = log.Segments[^1];
        last.ZeroedTo = log.IsClosed ? log.End.Offset : last.Size;
        if (Planted.Is(PlantedFault.RecoveredTailTrusted)) return;
        long from = log.SyncedUpTo.Segment == last.Number ? log.SyncedUpTo.Offset : SegmentHead.Size;
        Rewrite(last.File, from, log.End.Offset);
        if (!log.IsClosed)
        {
            // After a clean stop nothing can stand behind the mark. Else an older end may still be on disk under cached zeros, so that
            // looking would not help.
            ZeroFill.Write(last.File, log.End.Offset, last.Size);
        }

        last.File.Sync();
        folder.Sync();
    }

    private static void Rewrite(IFile file, long from, long to)
    {
        byte[] buffer = new byte[(int)Math.Min(StepBytes, to - from)];
        for (long at = from; at < to; at += buffer.Length)
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - at));
            int read = file.Read(at, bytes);
            Invariant.Holds(read == bytes.Length, $"{file.Path} became shorter while it was recovered");
            file.Write(at, bytes);
        }
    }
}
