using Gache.Server.Http.Keys;
using Gache.Server.Metrics;

namespace Gache.Server.Http.Requests;

/// <summary>Counts answers, and writes log lines about requests: of each if that was asked for, and of slow ones.</summary>
/// <remarks>A request that nobody wants to read about costs two looks at a coarse clock.</remarks>
internal sealed partial class RequestLog
{
    /// <summary>Lines about slow requests in one second; the rest is counted (P10).</summary>
    public const int MaxSlowLinesASecond = 5;

    private const long Second = 1_000_000; // microseconds

    private readonly HttpCounters counters;
    private readonly Func<IShard?> shard;
    private readonly Func<long> microseconds;
    private readonly ILogger log;
    private readonly LoggedKeys keys;
    private readonly bool isAccessLogged;
    private readonly long slowMicroseconds;
    private readonly Lock gate = new(); // taken for slow requests only
    private long secondOfLines;
    private int lines;
    private long unsaid;

    /// <summary>Makes it.</summary>
    /// <param name="settings">What is to be logged.</param>
    /// <param name="counters">What is counted.</param>
    /// <param name="shard">The shard, once there is one.</param>
    /// <param name="log">Where lines go.</param>
    /// <param name="microseconds">A clock; null for the machine's, which is coarse (some milliseconds) unless every request is logged.</param>
    public RequestLog(ApiSettings settings, HttpCounters counters, Func<IShard?> shard, ILogger log, Func<long>? microseconds = null)
    {
        (this.counters, this.shard, this.log, keys, isAccessLogged) = (counters, shard, log, settings.LoggedKeys, settings.IsAccessLogged);
        slowMicroseconds = settings.SlowRequest == TimeSpan.Zero ? long.MaxValue : (long)settings.SlowRequest.TotalMicroseconds;
        this.microseconds = microseconds ?? (isAccessLogged
            ? static () => (long)(TimeProvider.System.GetTimestamp() * (1e6 / TimeProvider.System.TimestampFrequency))
            : static () => Environment.TickCount64 * 1_000);
    }

    /// <summary>A request begins.</summary>
    /// <returns>What <see cref="Ended"/> wants to know.</returns>
    public long Begin() => microseconds();

    /// <summary>A request was answered.</summary>
    public void Ended(HttpContext context, long began)
    {
        counters.Count(context.Request.Method, context.Response.StatusCode);
        long took = microseconds() - began;
        if (isAccessLogged) LogAccess(context, took);
        if (took >= slowMicroseconds) LookAtSlow(context, took);
    }

    private void LogAccess(HttpContext context, long took)
    {
        if (!log.IsEnabled(LogLevel.Information)) return;
        string name = RequestName.Of(RawTarget.Of(context), keys);
        LogRequest(log, context.Request.Method, name, context.Response.StatusCode, took / 1_000.0);
    }

    private void LookAtSlow(HttpContext context, long took)
    {
        took -= RequestTime.Of(context, RequestTime.Spent.ByClient) * 1_000; // nobody's fault here
        if (context.Features.Get<WaitTime>() is { } wait) took -= (long)wait.Asked.TotalMicroseconds;
        if (took < slowMicroseconds) return;
        counters.CountSlow();
        if (!log.IsEnabled(LogLevel.Warning) || !MayWrite(out long more)) return;

        SlowStage stage = SlowStage.Of(context, shard(), TimeSpan.FromMicroseconds(took), TimeProvider.System);
        string name = RequestName.Of(RawTarget.Of(context), keys);
        string others = more == 0 ? "" : $"; {more} others were slow and are not shown";
        LogSlow(
            log, context.Request.Method, name, took / 1_000, context.Response.StatusCode, stage.Name, (long)stage.Took.TotalMilliseconds, others);
    }

    private bool MayWrite(out long others)
    {
        lock (gate)
        {
            long second = microseconds() / Second;
            if (second != secondOfLines) (secondOfLines, lines) = (second, 0);
            others = unsaid;
            if (++lines > MaxSlowLinesASecond)
            {
                unsaid++;
                return false;
            }

            unsaid = 0;
            return true;
        }
    }

    [LoggerMessage(EventId = 403, Level = LogLevel.Information, Message = "{Method} {Target} {Status} {Milliseconds:0.###} ms")]
    private static partial void LogRequest(ILogger log, string method, string target, int status, double milliseconds);

    [LoggerMessage(EventId = 404, Level = LogLevel.Warning, Message = "slow: {Method} {Target} took {Milliseconds} ms and was answered {Status}; slowest stage: {Stage}, {StageMilliseconds} ms{Others}")]
    private static partial void LogSlow(ILogger log, string method, string target, long milliseconds, int status, string stage, long stageMilliseconds, string others);
}
