namespace Gache.Store;

/// <summary>A snapshot is not what it says; the message names what was found and what was expected.</summary>
public sealed class SnapshotDamagedException(string message) : Exception(message);
