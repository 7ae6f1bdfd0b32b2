namespace Gache.Server.Http.Keys;

/// <summary>What one request holds of a <see cref="BodyBudget"/>; given back when disposed.</summary>
/// <param name="budget">Of which it is.</param>
internal sealed class BodyShare(BodyBudget budget) : IDisposable
{
    /// <summary>Of which it is.</summary>
    public BodyBudget Budget => budget;

    /// <summary>How much it holds.</summary>
    public int Bytes { get; private set; }

    /// <summary>Takes more; false if the budget is used up.</summary>
    public bool TryGrow(int bytes)
    {
        if (!budget.TryTake(bytes)) return false;
        Bytes += bytes;
        return true;
    }

    /// <summary>Makes it as large as what it was taken for turned out to be, also beyond the budget: for what cannot be refused any more.</summary>
    public void Become(int bytes)
    {
        budget.Return(Bytes - bytes);
        Bytes = bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => Become(0);
}
