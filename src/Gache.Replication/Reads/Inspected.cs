namespace Gache.Replication;

/// <summary>What a look at the latest state saw.</summary>
/// <typeparam name="T">What was wanted of it.</typeparam>
/// <param name="Seen">What was seen; meaningless if it was refused.</param>
/// <param name="Refusal">Why nothing was looked at; null if it was.</param>
public readonly record struct Inspected<T>(T? Seen, Refusal? Refusal);
