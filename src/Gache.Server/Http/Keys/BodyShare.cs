namespace Gache.Server.Http.Keys;

/// <summary>What one request holds of the <see cref="BodyBudget"/>; given back when disposed.</summary>
internal sealed class BodyShare(BodyBudget budget) : IDisposable
{
    /// <summary>How much it holds.</summary>
    public int Bytes { get; private set; }

    /// <summary>Takes more; false if the budget is used up.</summary>
    public bool TryGrow(int bytes)
    {
        if (!budget.TryTake(bytes)) return false;
        Bytes += bytes;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        budget.Return(Bytes);
        Bytes = 0;
    }
}
