using Gache.Server.Http.Keys;

namespace Gache.Server.Http.Routing;

/// <summary>A transaction that may be passed on. Its answer is left here rather than passed back at once: so its body is let go before a client, perhaps a
/// slow one, takes the answer.</summary>
/// <param name="reads">Its answer may be large.</param>
internal sealed class PassedTxn(bool reads) : IDisposable
{
    /// <summary>Its answer may be large.</summary>
    public bool Reads => reads;

    /// <summary>What its answer takes; null if it was not passed on.</summary>
    public BodyShare? Share { get; set; }

    /// <summary>The owner's answer; null if it was not passed on, or was answered here with what went wrong.</summary>
    public ForwardedAnswer? Answer { get; private set; }

    /// <summary>Takes the answer, and counts it with what it is.</summary>
    public void Keep(ForwardedAnswer answer)
    {
        Answer = answer;
        Share?.Become(answer.Body.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => Share?.Dispose();
}
