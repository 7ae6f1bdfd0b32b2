using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gache.Tool.Operate.Api;

/// <summary>What came of a request: an answer, or the reason why there is none.</summary>
/// <param name="From">The address that was asked.</param>
/// <param name="Status">The HTTP status; 0 without an answer.</param>
/// <param name="Body">The answer's bytes.</param>
/// <param name="Fault">Why there is no answer.</param>
internal sealed record Reply(string From, int Status, byte[] Body, string Fault = "")
{
    /// <summary>How much of a body that is no problem is shown.</summary>
    private const int MaxShown = 200;

    /// <summary>Whether it was carried out, or taken to be.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether asking again may help: nobody answered, or the node says "not now".</summary>
    public bool IsForNow => Status is 0 or 429 or 503 or 504;

    /// <summary>The stable name of the problem that was answered, or null.</summary>
    public string? Code => IsSuccess ? null : Problem()?.Code;

    /// <summary>How a word ends because of it.</summary>
    public int ExitCode => IsSuccess ? Tool.ExitCode.Done : Status == 0 ? Tool.ExitCode.Unreachable : Tool.ExitCode.Failed;

    /// <summary>Why it is no success, for a person.</summary>
    public string Words
    {
        get
        {
            if (Status == 0) return $"{From} does not answer: {Fault}; name another node with --at HOST:PORT (a playground's first is 127.0.0.1:8001)";
            if (Problem() is { Title: not null } problem) return $"{From} refused: {problem.Title}{(problem.Detail is { } detail ? $": {detail}" : "")} ({problem.Code ?? $"HTTP {Status}"})";
            string text = Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, MaxShown))).Trim();
            return $"{From} answered HTTP {Status}{(text.Length > 0 ? $": {text}" : "")}";
        }
    }

    /// <summary>Reads the body of a success; null if it is not what gache answers.</summary>
    public T? Read<T>(JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(Body, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private ProblemJson? Problem() => Read(Wire.Default.ProblemJson);
}
