namespace Gache.Tool.Playground;

/// <summary>What a playground is to look like.</summary>
internal sealed record PlaygroundOptions
{
    public const int DefaultShards = 3;
    public const int DefaultReplicas = 3;
    public const int DefaultPort = 8001;
    public const int MaxShards = 16;
    public const int MaxReplicas = 7;

    /// <summary>Shards, each with a share of the slots.</summary>
    public required int Shards { get; init; }

    /// <summary>Nodes of each shard.</summary>
    public required int Replicas { get; init; }

    /// <summary>API port of the first node; null for the default, or free ports if that is taken.</summary>
    public int? Port { get; init; }

    /// <summary>The folder of the nodes' folders; null for a temporary one.</summary>
    public string? Folder { get; init; }

    /// <summary>The server's executable.</summary>
    public required string Server { get; init; }

    /// <summary>How many processes that makes.</summary>
    public int Nodes => Shards * Replicas;
}
