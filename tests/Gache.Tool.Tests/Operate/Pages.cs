using System.Globalization;

namespace Gache.Tool.Tests.Operate;

/// <summary>Pages as nodes answer them.</summary>
internal static class Pages
{
    public const string A = "aaaa0000000000000000000000000001";
    public const string B = "abbb0000000000000000000000000002";
    public const string C = "cccc0000000000000000000000000003";

    public const string NoMoves = """{"moves":[],"left":0}""";

    /// <summary>The seed's three shards; shard A has three members, the others one.</summary>
    public const string ThreeShards =
        $$"""
        [{"apiAddr":"127.0.0.1:8001","addr":"127.0.0.1:7001","slotBegin":0,"slotEnd":5000,"leader":"127.0.0.1:8001","shard":"{{A}}","epoch":1,"term":4,"slots":[[0,5000]],
          "members":[{"id":"11110000000000000000000000000001","addr":"127.0.0.1:7001","apiAddr":"127.0.0.1:8001","clusterAddr":"127.0.0.1:9001","role":"leader","lag":null,"reachable":true},
                     {"id":"11120000000000000000000000000002","addr":"127.0.0.1:7002","apiAddr":"127.0.0.1:8002","clusterAddr":"127.0.0.1:9002","role":"follower","lag":0,"reachable":true},
                     {"id":"13330000000000000000000000000003","addr":"127.0.0.1:7003","apiAddr":"127.0.0.1:8003","clusterAddr":"127.0.0.1:9003","role":"follower","lag":12,"reachable":false}]},
         {"apiAddr":"127.0.0.1:8004","addr":"127.0.0.1:7004","slotBegin":5001,"slotEnd":10000,"leader":"127.0.0.1:8004","shard":"{{B}}","epoch":1,"term":2,"slots":[[5001,10000]],
          "members":[{"id":"44440000000000000000000000000004","addr":"127.0.0.1:7004","apiAddr":"127.0.0.1:8004","clusterAddr":"127.0.0.1:9004","role":"leader","lag":null,"reachable":true}]},
         {"apiAddr":"127.0.0.1:8007","addr":"127.0.0.1:7007","slotBegin":10001,"slotEnd":16383,"leader":"","shard":"{{C}}","epoch":1,"term":9,"slots":[[10001,16383]],
          "members":[{"id":"77770000000000000000000000000007","addr":"127.0.0.1:7007","apiAddr":"127.0.0.1:8007","clusterAddr":"127.0.0.1:9007","role":"candidate","lag":null,"reachable":true}]}]
        """;

    /// <summary>Shards with one member each, by their slots.</summary>
    public static string Cluster(params (string Shard, string Slots)[] shards) => $"[{string.Join(',', shards.Select((shard, i) =>
        string.Create(CultureInfo.InvariantCulture, $$"""
        {"leader":"127.0.0.1:800{{i}}","shard":"{{shard.Shard}}","epoch":1,"term":1,"slots":{{shard.Slots}},"members":[{"id":"{{i}}0000000000000000000000000000000","addr":"127.0.0.1:700{{i}}","apiAddr":"127.0.0.1:800{{i}}","role":"leader"}]}
        """)))}]";

    public static string Moves(int left, params (int Slot, string State)[] moves) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"moves":[{{string.Join(',', moves.Select(move => $$"""{"slot":{{move.Slot}},"from":"{{A}}","to":"{{B}}","state":"{{move.State}}"}"""))}}],"left":{{left}}}""");
}
