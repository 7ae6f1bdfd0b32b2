using System.Buffers;
using System.Text.Json;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary>Small answers to an operator.</summary>
internal static class OperatorText
{
    /// <summary>An object of one string.</summary>
    public static byte[] One(string name, string value) => Of((name, value));

    /// <summary>An object of strings.</summary>
    public static byte[] Of(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            foreach ((string name, string value) in fields) json.WriteString(name, value);
            json.WriteEndObject();
        }

        body.Write("\n"u8);
        return body.WrittenSpan.ToArray();
    }
}
