using Gache.Primitives;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>What a node answers another one that is about to found.</summary>
/// <param name="IsEmpty">Whether its data folder is empty: it belongs to nothing yet.</param>
/// <param name="Cluster">Its cluster, or none.</param>
internal readonly record struct FolderAnswer(bool IsEmpty, ClusterId Cluster)
{
    public byte[] Encode()
    {
        var writer = new ByteWriter(32);
        writer.WriteBoolean(IsEmpty);
        writer.WriteUInt128(Cluster.Value);
        return writer.Written.ToArray();
    }

    public static bool TryParse(ReadOnlySpan<byte> body, out FolderAnswer answer)
    {
        var reader = new ByteReader(body);
        answer = new FolderAnswer(reader.ReadBoolean(), new ClusterId(reader.ReadUInt128()));
        return reader.IsValid;
    }
}

/// <summary>How a request for slots was answered.</summary>
internal enum GrantVerdict : byte
{
    /// <summary>Not now; ask again, or at <see cref="GrantAnswer.AskAt"/>.</summary>
    Later,

    /// <summary>The slots are the asking shard's, committed in the founding shard's log.</summary>
    Granted,

    /// <summary>Another shard has some of them.</summary>
    Taken,
}

/// <summary>The answer to a request for slots.</summary>
/// <param name="Verdict">In short.</param>
/// <param name="Cluster">The cluster, if it is known here.</param>
/// <param name="AskAt">Another cluster address to ask at; empty if none is known.</param>
/// <param name="Words">For a person.</param>
internal readonly record struct GrantAnswer(GrantVerdict Verdict, ClusterId Cluster, string AskAt, string Words)
{
    public byte[] Encode()
    {
        var writer = new ByteWriter();
        writer.WriteByte((byte)Verdict);
        writer.WriteUInt128(Cluster.Value);
        writer.WriteText(AskAt);
        writer.WriteText(Words);
        return writer.Written.ToArray();
    }

    public static bool TryParse(ReadOnlySpan<byte> body, out GrantAnswer answer)
    {
        var reader = new ByteReader(body);
        answer = new GrantAnswer((GrantVerdict)reader.ReadByte(), new ClusterId(reader.ReadUInt128()), reader.ReadText(), reader.ReadText());
        return reader.IsValid && answer.Verdict <= GrantVerdict.Taken && answer.AskAt.Length <= MaxTextLength && answer.Words.Length <= MaxTextLength;
    }

    private const int MaxTextLength = 2_048;
}

/// <summary>A request for slots: a new shard, and what it wants.</summary>
/// <param name="Shard">The shard to be: the same after a crash, so that it is granted once.</param>
/// <param name="Slots">What it asks for; may be none.</param>
internal sealed record GrantRequest(ShardId Shard, SlotSet Slots)
{
    public byte[] Encode()
    {
        var writer = new ByteWriter();
        writer.WriteUInt128(Shard.Value);
        Slots.WriteTo(writer);
        return writer.Written.ToArray();
    }

    public static GrantRequest? Parse(ReadOnlySpan<byte> body)
    {
        var reader = new ByteReader(body);
        var shard = new ShardId(reader.ReadUInt128());
        return SlotSet.TryReadFrom(ref reader, out SlotSet slots) && reader.Remaining == 0 && !shard.IsNone ? new GrantRequest(shard, slots) : null;
    }
}
