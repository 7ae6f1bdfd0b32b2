namespace Gache.Replication;

/// <summary>The data folder belongs to another shard than the one that was asked (exit code 73); says both.</summary>
public sealed class ForeignFolderException(string message) : Exception(message);
