namespace Gache.Store;

/// <summary>What to add to a number, and the bounds of the result.</summary>
/// <param name="Delta">What is added; a key that is not there counts as 0.</param>
/// <param name="Min">The result must not be below.</param>
/// <param name="Max">The result must not be above.</param>
public readonly record struct CounterTerms(long Delta, long Min = long.MinValue, long Max = long.MaxValue)
{
    /// <summary>The sum, if it is within the bounds and 64 bits.</summary>
    public bool TryAdd(long present, out long sum)
    {
        sum = unchecked(present + Delta);
        bool overflows = ((present ^ sum) & (Delta ^ sum)) < 0; // both have the sign that the sum has not
        return !overflows && sum >= Min && sum <= Max;
    }
}
