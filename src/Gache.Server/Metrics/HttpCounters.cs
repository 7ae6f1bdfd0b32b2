using System.Diagnostics.Metrics;

namespace Gache.Server.Metrics;

/// <summary>Counts answers by method and status: one increment an answer, read when somebody scrapes.</summary>
internal sealed class HttpCounters
{
    private const int FirstStatus = 100;
    private const int Statuses = 500;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "other"];

    private readonly long[] answers = new long[Methods.Length * Statuses];
    private long connections;
    private long slowRequests;

    /// <summary>Requests that took longer than <c>--slow-request</c>.</summary>
    public long SlowRequests => Interlocked.Read(ref slowRequests);

    /// <summary>Connections that are open.</summary>
    public long Connections => Interlocked.Read(ref connections);

    /// <summary>Of watches.</summary>
    public WatchCounters Watches { get; } = new();

    /// <summary>A connection was accepted.</summary>
    public void ConnectionOpened() => Interlocked.Increment(ref connections);

    /// <summary>A connection has ended.</summary>
    public void ConnectionClosed() => Interlocked.Decrement(ref connections);

    /// <summary>A request was slow.</summary>
    public void CountSlow() => Interlocked.Increment(ref slowRequests);

    /// <summary>Counts an answer.</summary>
    public void Count(string method, int status)
    {
        int code = status - FirstStatus;
        if ((uint)code < Statuses) Interlocked.Increment(ref answers[(IndexOf(method) * Statuses) + code]);
    }

    /// <summary>What was counted so far, without the zeros.</summary>
    public IEnumerable<Measurement<long>> Read()
    {
        for (int at = 0; at < answers.Length; at++)
        {
            if (Interlocked.Read(ref answers[at]) is var count and > 0)
            {
                yield return new Measurement<long>(
                    count, new KeyValuePair<string, object?>("method", Methods[at / Statuses]),
                    new KeyValuePair<string, object?>("status", (at % Statuses) + FirstStatus));
            }
        }
    }

    private static int IndexOf(string method) =>
        method == HttpMethods.Get ? 0
        : method == HttpMethods.Post ? 2
        : method == HttpMethods.Put ? 3
        : method == HttpMethods.Delete ? 4
        : method == HttpMethods.Head ? 1 : 5;
}
