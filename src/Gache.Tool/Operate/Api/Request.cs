using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gache.Tool.Operate.Api;

/// <summary>A request as it is sent, and as <c>--dry-run</c> shows it.</summary>
/// <param name="Method">POST or DELETE.</param>
/// <param name="Path">After the address.</param>
/// <param name="Body">JSON.</param>
internal sealed record Request(HttpMethod Method, string Path, byte[] Body)
{
    /// <summary>A POST with <paramref name="body"/>.</summary>
    public static Request Post<T>(string path, T body, JsonTypeInfo<T> type) => new(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, type));
}
