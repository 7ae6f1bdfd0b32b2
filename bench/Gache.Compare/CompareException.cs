namespace Gache.Compare;

/// <summary>The comparison cannot go on; the message is for the person who started it.</summary>
internal sealed class CompareException(string message) : Exception(message);
