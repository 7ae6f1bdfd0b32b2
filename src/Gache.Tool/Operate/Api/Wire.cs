using System.Text.Json.Serialization;

namespace Gache.Tool.Operate.Api;

/// <summary>A shard as <c>GET /cluster</c> tells it.</summary>
internal sealed record ShardJson
{
    /// <summary>32 hexadecimal digits.</summary>
    [JsonRequired]
    public string Shard { get; init; } = "";

    /// <summary>The leader's API address; empty while there is none.</summary>
    public string Leader { get; init; } = "";

    /// <summary>Counts changes of its slots' owner.</summary>
    public ulong Epoch { get; init; }

    /// <summary>Raft's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Pairs of first and last slot.</summary>
    [JsonRequired]
    public int[][] Slots { get; init; } = [];

    /// <summary>Its replicas.</summary>
    [JsonRequired]
    public MemberJson[] Members { get; init; } = [];
}

/// <summary>A member of a shard.</summary>
internal sealed record MemberJson
{
    /// <summary>32 hexadecimal digits.</summary>
    [JsonRequired]
    public string Id { get; init; } = "";

    /// <summary>Address of its raft port, or empty.</summary>
    [JsonPropertyName("addr")]
    public string? Raft { get; init; }

    /// <summary>Address of its API.</summary>
    [JsonPropertyName("apiAddr")]
    public string? Api { get; init; }

    /// <summary>Address of its cluster port, or empty.</summary>
    [JsonPropertyName("clusterAddr")]
    public string? Cluster { get; init; }

    /// <summary>What it is in its shard.</summary>
    public string Role { get; init; } = "";

    /// <summary>Entries it is behind; null if nobody knows.</summary>
    public ulong? Lag { get; init; }

    /// <summary>Whether it is heard; null if nobody knows.</summary>
    public bool? Reachable { get; init; }
}

/// <summary>What <c>GET /cluster/moves</c> answers.</summary>
/// <param name="Moves">Moves under way; perhaps not all of them.</param>
/// <param name="Left">How many there are.</param>
internal sealed record MovesJson([property: JsonRequired] MoveJson[] Moves, [property: JsonRequired] int Left);

/// <summary>One slot on its way.</summary>
internal sealed record MoveJson(int Slot, string From, string To, string State);

/// <summary>RFC 9457, with gache's stable name.</summary>
internal sealed record ProblemJson(string? Title, string? Detail, string? Code);

/// <summary>Body of <c>POST /cluster/move</c>.</summary>
internal sealed record MoveRequest(int[][] Slots, string To);

/// <summary>Body of <c>DELETE /cluster/move</c>.</summary>
internal sealed record AbortRequest(int[][] Slots);

/// <summary>What <c>DELETE /cluster/move</c> answers.</summary>
/// <param name="Kept">Slots whose move was stopped; null if that was not told.</param>
internal sealed record KeptJson(int? Kept);

/// <summary>Body of <c>POST /cluster/forget</c>.</summary>
internal sealed record ForgetRequest(string Node);

/// <summary>Body of <c>POST /cluster/members</c>: one of the first two, and of which shard if not that of the node that is asked.</summary>
internal sealed record MembersRequest(string? Add = null, string? Remove = null, string? Shard = null);

/// <summary>Body of <c>POST /cluster/transfer</c>.</summary>
internal sealed record TransferRequest(string Shard, string? To);

/// <summary>How moves go on, one line a second where no bar can be drawn.</summary>
internal sealed record ProgressJson(int Total, int Moved, int Left, SortedDictionary<string, int> States);

/// <summary>How a replacement goes on, one line a second where no line can be drawn anew.</summary>
/// <param name="State"><c>joining</c> (the new member is not listed yet), <c>catching-up</c>, <c>removing</c> (it votes), <c>replaced</c>.</param>
/// <param name="Member">The new member's id, once it is listed.</param>
/// <param name="Lag">Entries it is behind, where that is known.</param>
/// <param name="Reachable">Whether it is heard, where that is known.</param>
/// <param name="Waits">Why it does not go on at the moment.</param>
internal sealed record ReplaceJson(string State, string? Member, ulong? Lag, bool? Reachable, string? Waits);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ShardJson[]))]
[JsonSerializable(typeof(MovesJson))]
[JsonSerializable(typeof(ProblemJson))]
[JsonSerializable(typeof(MoveRequest))]
[JsonSerializable(typeof(AbortRequest))]
[JsonSerializable(typeof(KeptJson))]
[JsonSerializable(typeof(ForgetRequest))]
[JsonSerializable(typeof(MembersRequest))]
[JsonSerializable(typeof(TransferRequest))]
[JsonSerializable(typeof(ProgressJson))]
[JsonSerializable(typeof(ReplaceJson))]
internal sealed partial class Wire : JsonSerializerContext;
