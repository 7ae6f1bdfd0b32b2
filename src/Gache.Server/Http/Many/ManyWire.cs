using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>Pages and steps on their way between nodes: the bodies of <see cref="CallKind.ScanKeys"/> and <see cref="CallKind.Steps"/>.</summary>
/// <remarks>
/// Little-endian. What cannot be read is null, and never more is allocated than came. The first byte of an answer is 0 for an answer, 1 for a
/// refusal of the whole: its code (1) and words.
/// </remarks>
internal static class ManyWire
{
    private const byte IsAnswer = 0;
    private const byte IsRefusal = 1;

    private const int LeastBytesOfStep = 1 + sizeof(uint);

    private const int LeastBytesOfKey = 2 + 8 + 1;

    /// <summary>Encodes a page's question.</summary>
    public static ReadOnlyMemory<byte> Encode(ScanQuery query)
    {
        var writer = new ByteWriter();
        query.From.WriteTo(writer);
        writer.WriteUInt16((ushort)query.LastSlot);
        writer.WriteUInt16((ushort)query.MaxKeys);
        writer.WriteUInt32((uint)query.MaxBytes);
        writer.WriteBoolean(query.WithValues);
        writer.WriteBlob(query.Prefix.Span);
        return writer.WrittenMemory;
    }

    /// <summary>Reads a page's question.</summary>
    public static ScanQuery? ReadQuery(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        if (!ScanPosition.TryReadFrom(ref reader, out ScanPosition from)) return null;
        int lastSlot = reader.ReadUInt16();
        int maxKeys = reader.ReadUInt16();
        uint maxBytes = reader.ReadUInt32();
        bool withValues = reader.ReadBoolean();
        byte[] prefix = reader.ReadBlob().ToArray();
        bool isGood = reader.IsValid && reader.Remaining == 0 && !from.IsEnd && lastSlot < Slot.Count
            && maxKeys <= ScanQuery.MaxKeysOfPage && maxBytes <= ScanQuery.MaxBytesOfPage && prefix.Length <= StoreLimits.MaxKeyBytes;
        return isGood ? new ScanQuery(prefix, from, lastSlot, maxKeys, (int)maxBytes, withValues) : null;
    }

    /// <summary>Encodes a page, or why there is none.</summary>
    public static ReadOnlyMemory<byte> Encode(Inspected<ScanPage> answer)
    {
        if (answer.Refusal is { } refusal) return Encode(refusal);
        ScanPage page = answer.Seen!;
        var writer = new ByteWriter(4_096);
        writer.WriteByte(IsAnswer);
        writer.WriteByte((byte)page.End);
        page.Next.WriteTo(writer);
        writer.WriteUInt16((ushort)page.Keys.Count);
        foreach (ScannedKey key in page.Keys)
        {
            writer.WriteUInt16((ushort)key.Key.Length);
            writer.WriteBytes(key.Key.Span);
            writer.WriteUInt64(key.Revision);
            writer.WriteBoolean(key.Value is not null);
            if (key.Value is { } value) writer.WriteBlob(value.Span);
        }

        return writer.WrittenMemory;
    }

    /// <summary>Reads a page; null if it cannot be one.</summary>
    public static Inspected<ScanPage>? ReadPage(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ByteReader(bytes.Span);
        if (reader.ReadByte() == IsRefusal) return ReadRefusal(ref reader) is { } refusal ? new Inspected<ScanPage>(null, refusal) : null;
        var end = (ScanEnd)reader.ReadByte();
        if (!ScanPosition.TryReadFrom(ref reader, out ScanPosition next)) return null;
        int count = reader.ReadUInt16();
        if (count > ScanQuery.MaxKeysOfPage || count * LeastBytesOfKey > reader.Remaining) return null;
        var keys = new ScannedKey[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> key = Slice(ref reader, bytes, reader.ReadUInt16());
            ulong revision = reader.ReadUInt64();
            ReadOnlyMemory<byte>? value = reader.ReadBoolean() ? Slice(ref reader, bytes, reader.ReadUInt32()) : default(ReadOnlyMemory<byte>?);
            keys[i] = new ScannedKey(key, revision, value);
        }

        return reader.IsValid && reader.Remaining == 0 && end <= ScanEnd.NotServed ? new Inspected<ScanPage>(new ScanPage(keys, end, next), null) : null;
    }

    /// <summary>Encodes steps.</summary>
    public static ReadOnlyMemory<byte> Encode(IReadOnlyList<Step> steps)
    {
        var writer = new ByteWriter(sizeof(ushort) + steps.Sum(step => LeastBytesOfStep + step.Bytes));
        writer.WriteUInt16((ushort)steps.Count);
        foreach (Step step in steps)
        {
            writer.WriteBoolean(!step.IsRead);
            writer.WriteBlob(step.Command ?? step.Key.Span);
        }

        return writer.WrittenMemory;
    }

    /// <summary>Reads steps; null if one of them is nothing that a client may ask for. Each has memory of its own.</summary>
    public static List<Step>? ReadSteps(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        int count = reader.ReadUInt16();
        if (count is 0 or > ManyLimits.LinesAtOnce || count * LeastBytesOfStep > reader.Remaining) return null;
        var steps = new List<Step>(count);
        for (int i = 0; i < count; i++)
        {
            bool isCommand = reader.ReadBoolean();
            byte[] what = reader.ReadBlob().ToArray();
            if (!reader.IsValid || (isCommand ? !Command.IsOfClient(what) : what.Length is 0 or > StoreLimits.MaxKeyBytes)) return null;
            steps.Add(isCommand ? StepOf(what) : new Step(null, what));
        }

        return reader.Remaining == 0 ? steps : null;
    }

    /// <summary>The step of an encoded command that a client may ask for.</summary>
    public static Step StepOf(byte[] command) => new(command, Command.TryParse(command, out CommandView view) ? view.Key.ToArray() : default);

    /// <summary>Encodes what became of steps.</summary>
    public static ReadOnlyMemory<byte> Encode(StepEnd[] ends)
    {
        var writer = new ByteWriter(64 + ends.Sum(one => 32 + one.Value.Length + (one.Answer.Body?.Length ?? 0)));
        writer.WriteByte(IsAnswer);
        writer.WriteUInt16((ushort)ends.Length);
        foreach (StepEnd one in ends)
        {
            writer.WriteByte((byte)one.Kind);
            WriteAnswer answer = one.Answer;
            if (answer.Refusal is { } refusal)
            {
                Write(writer, refusal);
            }
            else if (one.Kind != StepEndKind.Deferred)
            {
                writer.WriteByte((byte)answer.Status);
                writer.WriteUInt64(answer.Revision);
                writer.WriteBoolean(answer.Existed);
                writer.WriteUInt64((ulong)answer.Number);
                writer.WriteBoolean(answer.Body is not null);
                writer.WriteBlob(one.Kind == StepEndKind.Read ? one.Value.Span : answer.Body);
            }
        }

        return writer.WrittenMemory;
    }

    /// <summary>Reads what became of so many steps; null if it cannot be that.</summary>
    public static StepEnd[]? ReadEnds(ReadOnlyMemory<byte> bytes, int count)
    {
        var reader = new ByteReader(bytes.Span);
        var ends = new StepEnd[count];
        if (reader.ReadByte() == IsRefusal)
        {
            if (ReadRefusal(ref reader) is not { } all) return null;
            Array.Fill(ends, StepEnd.Refused(all));
            return ends;
        }

        if (reader.ReadUInt16() != count) return null;
        for (int i = 0; i < count; i++)
        {
            if (ReadEnd(ref reader, bytes) is not { } end) return null;
            ends[i] = end;
        }

        return reader.Remaining == 0 ? ends : null;
    }

    private static StepEnd? ReadEnd(ref ByteReader reader, ReadOnlyMemory<byte> bytes)
    {
        var kind = (StepEndKind)reader.ReadByte();
        if (kind == StepEndKind.Deferred) return reader.IsValid ? default(StepEnd) : null;
        if (kind == StepEndKind.Refused) return ReadRefusal(ref reader) is { } refusal ? StepEnd.Refused(refusal) : null;
        if (kind > StepEndKind.Refused) return null;

        var status = (ApplyStatus)reader.ReadByte();
        ulong revision = reader.ReadUInt64();
        bool existed = reader.ReadBoolean();
        long number = (long)reader.ReadUInt64();
        bool hasBody = reader.ReadBoolean();
        ReadOnlyMemory<byte> body = Slice(ref reader, bytes, reader.ReadUInt32());
        if (!reader.IsValid) return null;
        return kind == StepEndKind.Read
            ? new StepEnd(kind, new WriteAnswer(null, revision, existed), body)
            : StepEnd.Of(new WriteAnswer(null, revision, existed, status, number, hasBody ? body.ToArray() : null));
    }

    /// <summary>Encodes the refusal of a whole call.</summary>
    public static ReadOnlyMemory<byte> Encode(Refusal refusal)
    {
        var writer = new ByteWriter();
        writer.WriteByte(IsRefusal);
        Write(writer, refusal);
        return writer.WrittenMemory;
    }

    private static void Write(ByteWriter writer, Refusal refusal)
    {
        writer.WriteByte((byte)refusal.Code);
        writer.WriteText(refusal.Detail);
    }

    private static Refusal? ReadRefusal(ref ByteReader reader)
    {
        var code = (RefusalCode)reader.ReadByte();
        string detail = reader.ReadText();
        return reader.IsValid ? new Refusal(code, detail) : null;
    }

    private static ReadOnlyMemory<byte> Slice(ref ByteReader reader, ReadOnlyMemory<byte> bytes, uint length)
    {
        if (length > (uint)reader.Remaining)
        {
            reader.ReadBytes(reader.Remaining);
            reader.ReadByte(); // beyond the end: nothing that follows is believed
            return default;
        }

        int at = bytes.Length - reader.Remaining;
        reader.ReadBytes((int)length);
        return bytes.Slice(at, (int)length);
    }
}
