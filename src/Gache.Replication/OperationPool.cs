namespace Gache.Replication;

/// <summary>Keeps a few finished operations a thread for the next requests.</summary>
internal static class OperationPool<T>
    where T : class, new()
{
    private const int KeptPerThread = 64;

    [ThreadStatic]
    private static Stack<T>? kept;

    public static T Rent() => (kept ??= new Stack<T>(KeptPerThread)).TryPop(out T? operation) ? operation : new T();

    public static void Return(T operation)
    {
        kept ??= new Stack<T>(KeptPerThread);
        if (kept.Count < KeptPerThread) kept.Push(operation);
    }
}
