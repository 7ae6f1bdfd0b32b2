using System.Text;
using System.Text.Json;

namespace Gache.EndToEnd.Harness;

/// <summary>What a client knows of a request when it is over.</summary>
internal enum Outcome
{
    /// <summary>Answered with success.</summary>
    Done,

    /// <summary>Surely had no effect.</summary>
    NotApplied,

    /// <summary>May or may not have had an effect.</summary>
    Unknown,
}

/// <summary>An HTTP answer; status 0 if there was none.</summary>
internal sealed record Answer(int Status, byte[] Body, IReadOnlyDictionary<string, string> Headers, Outcome Outcome, string? Fault = null)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Location => Headers.GetValueOrDefault("Location");

    public string? ETag => Headers.GetValueOrDefault("ETag");

    /// <summary>The stable name of a problem, or null.</summary>
    public string? Code => Problem?.GetProperty("code").GetString();

    public JsonElement? Problem =>
        Headers.GetValueOrDefault("Content-Type")?.StartsWith("application/problem+json", StringComparison.Ordinal) == true ? Json : null;

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public override string ToString() => Fault is null ? $"{Status} {(Body.Length < 2_000 ? Text : $"({Body.Length} bytes)")}" : $"no answer: {Fault}";
}
