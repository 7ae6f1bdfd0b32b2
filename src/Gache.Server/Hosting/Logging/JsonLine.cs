using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gache.Server.Hosting.Logging;

/// <summary>A log line for machines: one JSON object.</summary>
internal static class JsonLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the event with its named values.</summary>
    public static byte[] Write(LogLine line, IReadOnlyList<KeyValuePair<string, object?>>? values)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", line.Utc.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("level", line.LevelName);
            if (line.Event.Id != 0) json.WriteNumber("event", line.Event.Id);
            if (line.Event.Name is { } name) json.WriteString("name", name);
            json.WriteString("source", line.Category);
            json.WriteString("message", line.Message);
            if (values is { Count: > 1 }) WriteValues(json, values);
            if (line.Exception is { } exception) json.WriteString("exception", exception.ToString());
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteValues(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        json.WriteStartObject("values");
        foreach ((string key, object? value) in values)
        {
            if (key == "{OriginalFormat}") continue;
            switch (value)
            {
                case null: json.WriteNull(key); break;
                case bool truth: json.WriteBoolean(key, truth); break;
                case int or long or uint or short or byte: json.WriteNumber(key, Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
                case ulong number: json.WriteNumber(key, number); break;
                case IEnumerable<string> texts: json.WriteString(key, string.Join(", ", texts)); break;
                case IFormattable formattable: json.WriteString(key, formattable.ToString(null, CultureInfo.InvariantCulture)); break;
                default: json.WriteString(key, value.ToString()); break;
            }
        }

        json.WriteEndObject();
    }
}
