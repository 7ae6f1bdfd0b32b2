namespace Gache.Bench.Measure;

/// <summary>A short stretch of a run.</summary>
/// <param name="At">When it began, from the start of what is measured.</param>
/// <param name="Length">How long it is.</param>
/// <param name="Right">Right answers in it.</param>
/// <param name="Failed">Refused, wrong or missing answers in it.</param>
/// <param name="Latency">Of the right ones.</param>
internal sealed record Sample(TimeSpan At, TimeSpan Length, long Right, long Failed, Latencies Latency)
{
    /// <summary>Right answers a second.</summary>
    public double PerSecond => Right / Length.TotalSeconds;
}
