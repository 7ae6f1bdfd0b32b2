using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gache.Server.Http;

/// <summary>How JSON is written here.</summary>
internal static class JsonText
{
    // Read by people in a terminal: ' and < and all letters stay as they are (nosniff keeps browsers from taking it for HTML).
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
