using Gache.Bench.Load;

namespace Gache.Bench.Wire;

/// <summary>How requests and answers are written. Shared by all callers, without state.</summary>
internal interface IWire
{
    /// <summary>Bound on a request's bytes.</summary>
    int MaxRequestBytes { get; }

    /// <summary>Writes a request.</summary>
    /// <returns>Its length.</returns>
    int Encode(Span<byte> into, in Ask ask, Endpoint to);

    /// <summary>The slot of a key; owners are remembered by it.</summary>
    int SlotOf(int key);

    /// <summary>A reader for the answers of one connection.</summary>
    IAnswerReader CreateReader();
}
