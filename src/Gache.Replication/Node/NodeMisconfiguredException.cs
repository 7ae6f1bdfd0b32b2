namespace Gache.Replication;

/// <summary>The options do not fit what the data folder is: the message says which are missing.</summary>
public sealed class NodeMisconfiguredException(string message) : Exception(message);
