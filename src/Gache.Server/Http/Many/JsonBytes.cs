using System.Text.Json;
using System.Text.Unicode;

namespace Gache.Server.Http.Many;

/// <summary>Keys and values in JSON: a string where the bytes are valid UTF-8, else <c>{"base64":"…"}</c>; requests may use either (http-api: Many keys).</summary>
internal static class JsonBytes
{
    /// <summary>What a client is told of bytes that are neither.</summary>
    public const string Words = "is a string, or {\"base64\":\"…\"}";

    /// <summary>Writes bytes under a name.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes)
    {
        json.WritePropertyName(name);
        Write(json, bytes);
    }

    /// <summary>Writes bytes.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            json.WriteStringValue(bytes);
            return;
        }

        json.WriteStartObject();
        json.WriteBase64String("base64"u8, bytes);
        json.WriteEndObject();
    }

    /// <summary>Reads bytes.</summary>
    /// <returns>Null if the element is neither form; a string that stands for no text (half of a surrogate pair) is none.</returns>
    public static byte[]? Read(JsonElement element)
    {
        try
        {
            if (element.ValueKind == JsonValueKind.String) return System.Text.Encoding.UTF8.GetBytes(element.GetString()!);
            if (element.ValueKind != JsonValueKind.Object) return null;
            byte[]? bytes = null;
            foreach (JsonProperty property in element.EnumerateObject())
            {
                if (bytes is not null || !property.NameEquals("base64"u8) || property.Value.ValueKind != JsonValueKind.String || !property.Value.TryGetBytesFromBase64(out bytes)) return null;
            }

            return bytes;
        }
        catch (InvalidOperationException) // so the reader tells of escapes that are no text
        {
            return null;
        }
    }
}
