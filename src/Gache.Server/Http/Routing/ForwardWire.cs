using Gache.Cluster;
using Gache.Primitives;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Routing;

/// <summary>A client's request on its way over the cluster port.</summary>
/// <param name="Hops">How many nodes have passed it on, this one counted.</param>
/// <param name="Method">The method.</param>
/// <param name="Target">The raw target, as the client sent it, in origin form.</param>
/// <param name="Headers">Those that decide what is done.</param>
/// <param name="Body">The whole body.</param>
internal sealed record ForwardedRequest(
    int Hops, string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body)
{
    private const int MaxHeaders = 64;

    /// <summary>Encodes it as the body of a <see cref="CallKind.Forward"/>.</summary>
    public ReadOnlyMemory<byte> Encode()
    {
        var writer = new ByteWriter(Target.Length + Body.Length + 1024);
        writer.WriteByte((byte)Hops);
        writer.WriteText(Method);
        writer.WriteText(Target);
        WriteHeaders(writer, Headers);
        writer.WriteBlob(Body.Span);
        return writer.WrittenMemory;
    }

    /// <summary>Reads it; null if it cannot be one. Its body is a part of <paramref name="bytes"/>.</summary>
    public static ForwardedRequest? Parse(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ByteReader(bytes.Span);
        int hops = reader.ReadByte();
        string method = reader.ReadText();
        string target = reader.ReadText();
        if (!TryReadHeaders(ref reader, out List<KeyValuePair<string, string>> headers)) return null;
        ReadOnlyMemory<byte> body = ReadLastBlob(ref reader, bytes);
        bool isGood = reader.IsValid && reader.Remaining == 0 && hops > 0 && target.StartsWith('/') && method.Length is > 0 and < 16;
        return isGood ? new ForwardedRequest(hops, method, target, headers, body) : null;
    }

    /// <summary>Reads a blob after which nothing more comes, without copying it.</summary>
    internal static ReadOnlyMemory<byte> ReadLastBlob(ref ByteReader reader, ReadOnlyMemory<byte> bytes)
    {
        int length = reader.ReadBlob().Length;
        return bytes.Slice(bytes.Length - reader.Remaining - length, length);
    }

    internal static void WriteHeaders(ByteWriter writer, IReadOnlyCollection<KeyValuePair<string, string>> headers)
    {
        writer.WriteUInt16((ushort)headers.Count);
        foreach ((string name, string value) in headers)
        {
            writer.WriteText(name);
            writer.WriteText(value);
        }
    }

    internal static bool TryReadHeaders(ref ByteReader reader, out List<KeyValuePair<string, string>> headers)
    {
        headers = [];
        int count = reader.ReadUInt16();
        if (count > MaxHeaders) return false;
        for (int i = 0; i < count && reader.IsValid; i++) headers.Add(new(reader.ReadText(), reader.ReadText()));
        return reader.IsValid;
    }
}

/// <summary>The owner's answer to a forwarded request.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">All headers of the answer.</param>
/// <param name="Body">The whole body.</param>
internal sealed record ForwardedAnswer(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body)
{
    /// <summary>Begins to encode an answer; its body's bytes follow.</summary>
    /// <returns>Where the body's length is to be written when it is known.</returns>
    public static int WriteHead(ByteWriter writer, int status, IHeaderDictionary headers)
    {
        writer.WriteUInt16((ushort)status);
        ForwardedRequest.WriteHeaders(writer, Pairs(headers));
        int lengthAt = writer.Length;
        writer.WriteUInt32(0);
        return lengthAt;
    }

    /// <summary>Reads it; null if it cannot be one. Its body is a part of <paramref name="bytes"/>.</summary>
    public static ForwardedAnswer? Parse(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ByteReader(bytes.Span);
        int status = reader.ReadUInt16();
        if (!ForwardedRequest.TryReadHeaders(ref reader, out List<KeyValuePair<string, string>> headers)) return null;
        ReadOnlyMemory<byte> body = ForwardedRequest.ReadLastBlob(ref reader, bytes);
        return reader.IsValid && status is >= 200 and < 600 ? new ForwardedAnswer(status, headers, body) : null;
    }

    private static List<KeyValuePair<string, string>> Pairs(IHeaderDictionary headers)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach ((string name, StringValues values) in headers) pairs.Add(new(name, values.ToString()));
        return pairs;
    }
}
