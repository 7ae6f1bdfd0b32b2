using System.Buffers;
using System.Text.Json;
using Gache.Primitives;
using Gache.Store;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary>How moves are written: to clients, and between nodes that ask each other for their shards'.</summary>
internal static class MoveText
{
    /// <summary>A request that concerns the slots of one shard alone.</summary>
    public static byte[] Request(SlotSet slots, ShardId from, ShardId? to) => Write(json =>
    {
        json.WritePropertyName("slots");
        ClusterPage.WriteSlots(json, slots.Ranges);
        json.WriteString("from", from.ToString());
        if (to is { } target) json.WriteString("to", target.ToString());
    });

    /// <summary>A count, as <c>{"moving":N}</c>.</summary>
    public static byte[] Count(string name, int count) => Write(json => json.WriteNumber(name, count));

    /// <summary>Reads a count; null if the answer has none.</summary>
    public static int? ReadCount(ReadOnlyMemory<byte> body, string name)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.GetProperty(name).GetInt32();
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Moves, how many there are, and the shards that could not be asked; at most <see cref="ShardMoves.MaxListed"/> are listed.</summary>
    public static byte[] List(IEnumerable<SlotMove> moves, int left, IReadOnlyCollection<ShardId> unreachable) => Write(json =>
    {
        WriteMoves(json, "moves", moves.Take(ShardMoves.MaxListed));
        json.WriteNumber("left", left);
        if (unreachable.Count == 0) return;
        json.WriteStartArray("unreachable");
        foreach (ShardId shard in unreachable) json.WriteStringValue(shard.ToString());
        json.WriteEndArray();
    });

    /// <summary>One shard's moves, for the node that puts all shards' together.</summary>
    public static byte[] OfShard(MoveList list) => Write(json =>
    {
        WriteMoves(json, "moves", list.Leaving);
        WriteMoves(json, "importing", list.Importing);
        json.WriteNumber("left", list.Left);
    });

    /// <summary>Reads what <see cref="OfShard"/> wrote; null for anything else.</summary>
    public static MoveList? ReadOfShard(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            JsonElement root = json.RootElement;
            return new MoveList(Read(root.GetProperty("moves")), Read(root.GetProperty("importing")), root.GetProperty("left").GetInt32());
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static List<SlotMove> Read(JsonElement moves)
    {
        var read = new List<SlotMove>();
        foreach (JsonElement move in moves.EnumerateArray())
        {
            if (!ShardId.TryParse(move.GetProperty("from").GetString(), out ShardId from) || !ShardId.TryParse(move.GetProperty("to").GetString(), out ShardId to)) throw new FormatException();
            read.Add(new SlotMove(move.GetProperty("slot").GetInt32(), from, to, Enum.Parse<MoveState>(move.GetProperty("state").GetString()!, ignoreCase: true)));
        }

        return read;
    }

    private static void WriteMoves(Utf8JsonWriter json, string name, IEnumerable<SlotMove> moves)
    {
        json.WriteStartArray(name);
        foreach (SlotMove move in moves)
        {
            json.WriteStartObject();
            json.WriteNumber("slot", move.Slot);
            json.WriteString("from", move.From.ToString());
            json.WriteString("to", move.To.ToString());
            json.WriteString("state", NameOf(move.State));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string NameOf(MoveState state) => state switch
    {
        MoveState.Leaving => "leaving",
        MoveState.Handed => "handed",
        MoveState.Cleaning => "cleaning",
        MoveState.Keeping => "keeping",
        _ => "importing",
    };

    private static byte[] Write(Action<Utf8JsonWriter> fields)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        body.Write("\n"u8);
        return body.WrittenSpan.ToArray();
    }
}
