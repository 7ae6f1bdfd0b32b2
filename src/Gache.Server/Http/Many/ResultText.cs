using System.Globalization;
using System.Text.Json;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>What became of one operation, as JSON: the status that it would have as a request of its own, and what it made or read.</summary>
internal static class ResultText
{
    /// <summary>Writes what an operation came to that was carried out.</summary>
    public static void Write(Utf8JsonWriter json, in TxnResult result)
    {
        json.WriteStartObject();
        json.WriteNumber("status"u8, result.Kind switch
        {
            TxnOperationKind.Set => result.Existed ? StatusCodes.Status200OK : StatusCodes.Status201Created,
            TxnOperationKind.Delete => StatusCodes.Status204NoContent,
            TxnOperationKind.Get when !result.Existed => StatusCodes.Status404NotFound,
            _ => StatusCodes.Status200OK,
        });
        if (result.Kind != TxnOperationKind.Delete && result.Revision != 0) json.WriteNumber("revision"u8, result.Revision);
        if (result.Kind == TxnOperationKind.Add) json.WriteString("value"u8, result.Number.ToString(CultureInfo.InvariantCulture));
        if (result.Kind == TxnOperationKind.Get && result.Existed) JsonBytes.Write(json, "value"u8, result.Value.Span);
        json.WriteEndObject();
    }

    /// <summary>Writes why an operation was not carried out, or is not known to be.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="problem">The kind.</param>
    /// <param name="detail">The words.</param>
    /// <param name="revision">The key's revision, where a condition failed; 0 for none.</param>
    public static void Write(Utf8JsonWriter json, Problem problem, string detail, ulong revision)
    {
        json.WriteStartObject();
        json.WriteNumber("status"u8, problem.Status);
        if (revision != 0) json.WriteNumber("revision"u8, revision);
        json.WritePropertyName("error"u8);
        ProblemAnswer.Write(json, problem, detail);
        json.WriteEndObject();
    }
}
