using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>Reads entries that are on disk; any number of threads at once, while the writer goes on.</summary>
internal sealed class EntryReader(EntryIndex index, SegmentChain chain)
{
    private const int WindowBytes = 128 << 10;

    public bool TryRead(ulong first, ulong last, int maxBytes, List<Entry> into)
    {
        ulong next = first;
        long room = maxBytes;
        bool isFull = false;
        while (next <= last && !isFull && index.TryFind(next, out IndexRun run, out ulong nextFirst))
        {
            Segment? segment = chain.BeginReading(run.Position.Segment);
            if (segment is null) break;
            try
            {
                next = ReadRun(segment, run, next, Math.Min(last, nextFirst - 1), maxBytes, ref room, ref isFull, into);
            }
            finally
            {
                segment.EndReading();
            }
        }

        return next > first;
    }

    // Returns the entry after the last one read.
    private static ulong ReadRun(
        Segment segment, IndexRun run, ulong next, ulong last, int maxBytes, ref long room, ref bool isFull, List<Entry> into)
    {
        using var records = new RecordReader(segment, WindowBytes);
        for (long offset = run.Position.Offset; next <= last && !isFull;)
        {
            if (!records.TryRead(offset, out ReadOnlySpan<byte> record))
                throw new LogDamagedException(segment.File.Path, offset, $"entry {next} was written here and cannot be read");
            offset += record.Length;
            if (RecordBody.TypeOf(record) != RecordType.Entry) continue;
            Invariant.Holds(
                RecordBody.TryReadEntry(record, out ulong at, out ulong term, out EntryKind kind, out ReadOnlySpan<byte> payload) && at <= next,
                $"the entry in {segment.File.Path} before offset {offset} is not where the index has it");
            if (at < next) continue;
            var entry = new Entry(at, term, kind, payload.ToArray());
            isFull = room < maxBytes && entry.Weight > room; // the first entry is given whatever it weighs
            if (isFull) break;
            room -= entry.Weight;
            into.Add(entry);
            next++;
        }

        return next;
    }
}
