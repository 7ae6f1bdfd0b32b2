using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log.Tests;

/// <summary>Draws writes that a core could hand to its log.</summary>
internal sealed class RandomWrites(Random dice)
{
    public static Configuration SomeConfiguration(ulong id) => new([new Member(new NodeId(id), "a:1", "b:2")], [new NodeId(id)]);

    public LogWrite Next(ulong number, ModelLog log)
    {
        HardState? hardState = dice.Next(3) == 0 ? new HardState(log.HardState.Term + (ulong)dice.Next(3), new NodeId((ulong)dice.Next(4))) : null;
        SnapshotMark? mark = dice.Next(12) == 0 ? Mark(log) : null;
        ulong lastIndex = log.LastIndex;
        ulong markIndex = log.MarkIndex;
        if (mark is not null)
        {
            ModelLog after = log.Clone();
            after.Apply(new LogWrite { Number = number, Snapshot = mark });
            (lastIndex, markIndex) = (after.LastIndex, after.MarkIndex);
        }

        Entry[] entries = [];
        if (dice.Next(8) != 0 || (hardState is null && mark is null))
        {
            ulong first = dice.Next(6) == 0 && lastIndex > markIndex ? (ulong)dice.NextInt64((long)markIndex + 1, (long)lastIndex + 1) : lastIndex + 1;
            int count = dice.Next(20) == 0 ? dice.Next(20, 50) : dice.Next(1, 6);
            ulong term = Math.Max(1, (hardState ?? log.HardState).Term);
            entries = [.. Enumerable.Range(0, count).Select(i => Entry(first + (ulong)i, term))];
        }

        return new LogWrite { Number = number, HardState = hardState, Snapshot = mark, Entries = entries };
    }

    private Entry Entry(ulong index, ulong term)
    {
        if (dice.Next(15) == 0) return new Entry(index, term, EntryKind.Configuration, SomeConfiguration((ulong)dice.Next(1, 100)).Encode());
        if (dice.Next(10) == 0) return new Entry(index, term, EntryKind.NoOp, default);
        byte[] payload = new byte[dice.Next(8) == 0 ? dice.Next(1000) : dice.Next(60)];
        dice.NextBytes(payload);
        return new Entry(index, term, EntryKind.Command, payload);
    }

    private SnapshotMark Mark(ModelLog log)
    {
        ulong index = (ulong)dice.NextInt64((long)log.MarkIndex, (long)log.LastIndex + 1);
        ulong? term = log.TermAt(index) ?? (index == log.MarkIndex ? log.Mark?.Term : null);
        if (term is null or 0 || dice.Next(4) == 0) (index, term) = (log.LastIndex + (ulong)dice.Next(1, 20), log.HardState.Term + 1); // replaces the log
        return new SnapshotMark(index, term.Value, SomeConfiguration(index + 1));
    }
}
